// bs9 config: the defaults of options, where each comes from, and what is wrong with config.toml.
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
  summary: "the defaults of options, from BS9_ variables and config.toml",
  options: [
    { flags: "--show", text: "each value and where it comes from (the default)" },
    { flags: "--check", text: "what is wrong, with line and field" },
    { flags: "--schema", text: "the JSON Schema of config.toml" },
  ],
  examples: ["bs9 config", "bs9 config --check", "bs9 config --schema > config.schema.json"],
  exits: [1],
  async run({ words, options }, context): Promise<Result> {
    if (words.length > 0) throw usage("config takes no words", { hint: "bs9 config --show" });
    const asked = views.filter((view) => flagOf(options, view));
    if (asked.length > 1) throw usage(`${asked.map((view) => `--${view}`).join(" and ")} do not go together`, { hint: "bs9 help config" });
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
      mistakes.length === 0 ? [`${file}: ${style.green("nothing wrong")}`] : mistakes.map((one) => harmless(mistakeLine(one))),
    exitStatus: mistakes.length === 0 ? exitStatus.done : exitStatus.failed,
  };
}
