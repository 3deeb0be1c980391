// bs9 version.
import { usage } from "../base/errors.ts";
import { version as built } from "../version.ts";
import type { Command, Result } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  synopsis: "",
  summary: "version, Bun, commit and target",
  options: [],
  examples: ["bs9 version", "bs9 version --json"],
  exits: [],
  async run({ words }) {
    if (words.length > 0) throw usage("version takes no words", { hint: "bs9 version" });
    return versionResult();
  },
};

function versionResult(): Result {
  return { value: built, names: [built.version], text: () => [versionLine()] };
}

export function versionLine(): string {
  return `bs9 ${built.version} (commit ${built.commit}, Bun ${built.bun}, ${built.target})`;
}
