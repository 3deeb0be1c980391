// bs9 version.
import { version as built } from "../version.ts";
import type { Command } from "./command.ts";

export const version: Command = {
  name: "version",
  synopsis: "",
  summary: "version, Bun, commit and target",
  options: [],
  examples: ["bs9 version", "bs9 version --json"],
  exits: [],
  async run() {
    return {
      value: built,
      names: [built.version],
      text: () => [`bs9 ${built.version} (commit ${built.commit}, Bun ${built.bun}, ${built.target})`],
    };
  },
};
