// bs9 config: shows the defaults of options, where each comes from, and the mistakes in config.toml.
import { exitStatus, usage } from "../base/errors.ts";
import { table } from "../base/table.ts";
import { harmless } from "../base/text.ts";
import { type Config, mistakeLine } from "../config/config.ts";
import { jsonSchema } from "../config/json-schema.ts";
import type { Command, Result } from "./command.ts";
import { flagOf } from "./options.ts";

const views = ["show", "check", "schema"] as const;

export const configCommand: Command = {
  name: "config",
  synopsis: "",
  summary: "show the defaults of options, which BS9_ variables and config.toml set",
  options: [
    { flags: "--show", text: "show each value and where it comes from (default)" },
    { flags: "--check", text: "show the mistakes, with line and field" },
    { flags: "--schema", text: "print the JSON Schema of config.toml" },
  ],
  examples: ["bs9 config", "bs9 config --check", "bs9 config --schema > config.schema.json"],
  exits: [1],
  async run({ words, options }, context): Promise<Result> {
    if (words.length > 0) throw usage("config takes no arguments", { hint: "bs9 config --show" });
    const asked = views.filter((view) => flagOf(options, view));
    if (asked.length > 1)
      throw usage(`${asked.map((view) => `--${view}`).join(" and ")} cannot be used together`, { hint: "bs9 help config" });
    if (asked[0] === "schema") return { value: jsonSchema(), names: [], text: () => JSON.stringify(jsonSchema(), null, 2).split("\n") };
    return asked[0] === "check" ? checked(context.config) : shown(context.config);
  },
};

function shown({ file, origins, mistakes }: Config): Result {
  return {
    value: { file, settings: origins, mistakes },
    names: origins.map(({ key }) => key),
    text: () =>
      table(
        [{ title: "SETTING" }, { title: "VALUE" }, { title: "FROM" }],
        origins.map(({ key, text, from }) => [key, harmless(text), harmless(from)]),
      ),
    hints: mistakes.map(mistakeLine).map(harmless),
  };
}

function checked({ file, mistakes }: Config): Result {
  return {
    value: { file, mistakes },
    names: mistakes.map(({ where }) => where),
    text: (style) =>
      mistakes.length === 0 ? [`${file}: ${style.green("no mistakes found")}`] : mistakes.map((one) => harmless(mistakeLine(one))),
    exitStatus: mistakes.length === 0 ? exitStatus.done : exitStatus.failed,
  };
}
