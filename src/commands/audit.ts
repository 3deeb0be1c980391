// bs9 audit: examines the source of an app, without starting the app.

import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { audit } from "../audit/audit.ts";
import { exitStatus, usage } from "../base/errors.ts";
import { findingLine } from "../lifecycle/inspect.ts";
import { projectRoot } from "../service/root.ts";
import type { Command } from "./command.ts";

export const auditCommand: Command = {
  name: "audit",
  synopsis: "PATH|NAME",
  summary: "look for dangerous code in the source of an app",
  options: [],
  examples: ["bs9 audit app.ts", "bs9 audit web --json"],
  exits: [1, 4, 6],
  async run({ words }, context) {
    const [word] = words;
    if (word === undefined || words.length > 1) throw usage("audit needs one path or one name of a service", { hint: "bs9 audit app.ts" });
    const spec = word.includes("/") ? null : context.registry.get(word);
    const entry = spec?.entry.path ?? entryAt(resolve(context.cwd, word));
    const report = await audit(entry, spec?.root ?? projectRoot(dirname(entry), context.paths.home));
    const { critical, warning } = report;
    return {
      value: { critical, warning },
      names: [...critical, ...warning].map(({ file }) => file),
      text: (style) => [
        ...critical.map((finding) => `${style.red("critical")} ${findingLine(finding)}`),
        ...warning.map((finding) => `${style.yellow("warning")}  ${findingLine(finding)}`),
        `${report.files} files read (${report.fsOnly} use only fs), ${report.packages} packages not read: ${critical.length} critical, ${warning.length} warnings`,
      ],
      exitStatus: critical.length > 0 ? exitStatus.refused : exitStatus.done,
    };
  },
};

/** For a directory, the entry that its package.json or index file names. A path that does not exist is returned unchanged. */
function entryAt(path: string): string {
  try {
    return statSync(path).isDirectory() ? Bun.resolveSync(path, path) : path;
  } catch {
    return path;
  }
}
