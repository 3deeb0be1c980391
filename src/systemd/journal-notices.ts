// What stands in the way of log lines now, in sentences.
import type { JournalDeps } from "./journalctl.ts";

export async function journalNotices(_deps: JournalDeps, _thorough: boolean): Promise<string[]> {
  return [];
}
