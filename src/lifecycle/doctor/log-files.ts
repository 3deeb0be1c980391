// Checks that the file system of the log files can free the start of a file in place, so that no line is lost when bs9 trims
// it.
import { existsSync } from "node:fs";
import type { Finding } from "../../backend/finding.ts";
import { logsFolder, unreadStreams } from "../../logs/store/place.ts";
import { canPunchHoles } from "../../logs/store/tick.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export async function logFindings({ paths, specs }: Pick<DoctorInput, "paths" | "specs">): Promise<Finding[]> {
  const root = logsFolder(paths.state);
  const unread = unreadStreams(
    root,
    specs.map(({ name }) => name),
  ).map((what) => findings.logReplaced({ what, root }));
  if (!specs.some(({ log }) => log === "file") || !existsSync(root) || (await canPunchHoles(root))) return unread;
  return [...unread, findings.logFiles({ root })];
}
