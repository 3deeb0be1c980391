// Which services a command is acting on now, on disk, so that the agent does not report what bs9 itself does as a failure.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, writeWhole } from "../base/files.ts";
import { bootId, startTimeOf } from "../base/proc.ts";

/** The process that acts: if it has been killed, its act has ended too. */
export const ActingProcess = v.strictObject({ pid: v.number(), startTime: v.nullable(v.string()), boot: v.string() });
export type ActingProcess = v.InferOutput<typeof ActingProcess>;

export const ownProcess = (): ActingProcess => ({ pid: process.pid, startTime: startTimeOf(process.pid), boot: bootId() });

export function isActing(owner: ActingProcess): boolean {
  return owner.boot === bootId() && startTimeOf(owner.pid) === owner.startTime && owner.startTime !== null;
}

const Acting = v.strictObject({ owner: ActingProcess, services: v.array(v.string()) });

const maxBytes = 1024 * 1024;
const actingFile = (state: string): string => join(state, "acting.json");

/** The caller holds the lock of the registry, so there is only one act at a time. The caller disposes it when the act ends. */
export function beginActing(state: string, services: readonly string[]): Disposable {
  const path = actingFile(state);
  try {
    // Without the directory of the state there is no agent, and a start that is refused must leave nothing behind.
    if (existsSync(state)) writeWhole(path, JSON.stringify({ owner: ownProcess(), services }), 0o600, false);
  } catch {
    // On a full disk the act matters more than the silence.
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true, recursive: true }) };
}

/** The services that a living process is acting on now. */
export function actingOn(state: string): ReadonlySet<string> {
  // The agent asks in each turn, and the file is there only during an act.
  if (!existsSync(actingFile(state))) return new Set();
  try {
    const parsed = v.safeParse(Acting, JSON.parse(readIfThere(actingFile(state), maxBytes) ?? "null"));
    return new Set(parsed.success && isActing(parsed.output.owner) ? parsed.output.services : []);
  } catch {
    return new Set();
  }
}
