// bs9 version: prints the version of bs9, of its Bun, the commit and the target.
import { usage } from "../base/errors.ts";
import { version as built } from "../version.ts";
import type { Command, Result } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  synopsis: "",
  summary: "print the version, Bun, commit and target",
  options: [],
  examples: ["bs9 version", "bs9 version --json"],
  exits: [],
  async run({ words }) {
    if (words.length > 0) throw usage("version takes no arguments", { hint: "bs9 version" });
    return versionResult();
  },
};

function versionResult(): Result {
  return { value: built, names: [built.version], text: () => [versionLine()] };
}

export function versionLine(): string {
  return `bs9 ${built.version} (commit ${built.commit}, Bun ${built.bun}, ${built.target})`;
}
