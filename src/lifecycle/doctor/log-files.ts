// Whether log files can be trimmed where they lie without losing a line.
import { existsSync } from "node:fs";
import type { Finding } from "../../backend/finding.ts";
import { shellWord } from "../../base/text.ts";
import { logsFolder, unreadStreams } from "../../logs/store/place.ts";
import { canPunchHoles } from "../../logs/store/tick.ts";
import type { Ground } from "./ground.ts";

export async function logFindings({ paths, specs }: Pick<Ground, "paths" | "specs">): Promise<Finding[]> {
  const root = logsFolder(paths.state);
  const unread = unreadStreams(
    root,
    specs.map(({ name }) => name),
  ).map(
    (what): Finding => ({
      id: "log-replaced",
      severity: "error",
      what,
      why: "another program has replaced it; bs9 neither reads nor trims it, and the next start of the service is refused",
      mend: `look what it is, then remove it: ls -lR ${shellWord(root)}`,
      fix: null,
    }),
  );
  if (!specs.some(({ log }) => log === "file") || !existsSync(root) || (await canPunchHoles(root))) return unread;
  return [
    ...unread,
    {
      id: "log-files",
      severity: "warning",
      what: `log lines can be lost: the file system of ${root} cannot punch holes`,
      why: "a log file that grew too large is copied and then emptied, and what a service writes in between is gone",
      mend: `move ${root} to ext4, xfs, btrfs or tmpfs, or: bs9 start NAME --log journal`,
      fix: null,
    },
  ];
}
