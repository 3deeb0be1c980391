// Which web servers of this user run: each has a file that says where it listens, and holds a lock while it runs.
import { closeSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { failed } from "../base/errors.ts";
import { makeFolder, readIfThere, writeWhole } from "../base/files.ts";
import { namesIn } from "../base/listing.ts";
import { isLocked, takeLock } from "../base/lock.ts";

const RunningWeb = v.object({
  host: v.string(),
  port: v.number(),
  url: v.string(),
  startedMs: v.number(),
  /** The file of the token that may act. Absent where an older bs9 runs the server. */
  tokenFile: v.optional(v.string()),
  /** The version of bs9 that runs the server. */
  version: v.optional(v.string()),
});
export type RunningWeb = v.InferOutput<typeof RunningWeb>;

const folderOf = (state: string): string => join(state, "web");
const fileOf = (state: string, port: number): string => join(folderOf(state), `${port}.json`);
const lockOf = (state: string, port: number): string => join(folderOf(state), `${port}.lock`);

/** Records a server that has begun to listen; the function that it returns removes the record. */
export async function recordWeb(state: string, web: RunningWeb): Promise<() => void> {
  makeFolder(folderOf(state));
  const lock = await takeLock(lockOf(state, web.port));
  if (lock === null) throw failed(`another web server of bs9 holds ${lockOf(state, web.port)}`, { hint: "bs9 web --print-url" });
  writeWhole(fileOf(state, web.port), `${JSON.stringify(web)}\n`, 0o600, false);
  return () => {
    rmSync(fileOf(state, web.port), { force: true });
    rmSync(lockOf(state, web.port), { force: true });
    closeSync(lock);
  };
}

/** The servers that run, the one started last first. */
export async function runningWebs(state: string): Promise<RunningWeb[]> {
  const found: RunningWeb[] = [];
  for (const name of namesIn(folderOf(state))) {
    const port = Number(/^(\d{1,5})\.json$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(port) || !(await isLocked(lockOf(state, port)))) continue;
    const web = parse(readIfThere(fileOf(state, port)));
    if (web !== null) found.push(web);
  }
  return found.sort((a, b) => b.startedMs - a.startedMs);
}

function parse(text: string | null): RunningWeb | null {
  try {
    const parsed = v.safeParse(RunningWeb, JSON.parse(text ?? "null"));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
