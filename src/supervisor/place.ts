// Ensures by a lock that one supervisor runs for each user and BS9_HOME; a supervisor in the background gives the lock up to
// one in the foreground.
import * as v from "valibot";
import { ask } from "../base/channel/ask.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { takeLock } from "../base/lock.ts";
import { harmless } from "../base/text.ts";
import { ControlAnswer, type ControlRequest, lockFile, sideOf } from "./control.ts";

/** A supervisor that is asked to leave first stores its last samples, which takes time. */
const leaveMs = 15_000;

/** Returns once this process holds the lock, which it keeps until it ends. Throws where another supervisor keeps the lock. */
export async function takePlace(state: string, isBackground: boolean): Promise<void> {
  const lock = lockFile(state);
  if ((await takeLock(lock)) !== null) return;
  if (isBackground) throw occupied("another supervisor is running here");
  const refusal = await askToLeave(state);
  if (refusal !== null) throw occupied(`another supervisor is running here: ${refusal}`);
  if ((await takeLock(lock, leaveMs)) === null)
    throw occupied(`another supervisor is running here: it was asked to end and did not do so within ${leaveMs / 1000} s`);
}

const occupied = (why: string): Bs9Error => failed(why, { hint: "bs9 status" });

/** Returns null if the other supervisor leaves or has ended, else the reason why it stays. */
async function askToLeave(state: string): Promise<string | null> {
  const late = () => failed(`that supervisor did not answer within ${leaveMs / 1000} s`);
  const request: ControlRequest = { act: "leave" };
  try {
    const text = await ask(sideOf(state), request, { timeoutMs: leaveMs, late, lock: lockFile(state) });
    if (text === null) return null;
    const answer = v.parse(ControlAnswer, JSON.parse(text));
    return "error" in answer ? harmless(answer.error) : null;
  } catch (error) {
    if (error instanceof Bs9Error) return error.message;
    return `its answer cannot be understood (${harmless(reasonOf(error))})`;
  }
}
