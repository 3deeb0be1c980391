// When a step of the agent fails, a notice reports it and the agent goes on; the next turn tries again.
import type { Notice } from "../backend/notice.ts";
import { reasonOf } from "../base/errors.ts";

/** Runs a step of the agent. Returns a notice if the step failed, otherwise none. `what` completes the sentence "cannot …". */
export async function troublesOf(what: string, act: () => Promise<void> | void): Promise<Notice[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [troubleFrom(what, error)];
  }
}

export function troubleFrom(what: string, error: unknown): Notice {
  return { kind: "agent", subject: "bs9-agent", what: `cannot ${what}: ${reasonOf(error)}`, fix: null };
}
