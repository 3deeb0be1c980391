// The JSON Schema of config.toml, for editors; made from the same table as everything else.
import { type Setting, settings, variableOf } from "./settings.ts";

const types = { text: "string", "number or text": ["string", "number"], truth: "boolean" };

export function jsonSchema(): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "config.toml of bs9",
    type: "object",
    additionalProperties: false,
    properties: {
      start: {
        type: "object",
        description: "defaults of the options of bs9 start",
        additionalProperties: false,
        properties: Object.fromEntries(settings.map((setting) => [setting.key, property(setting)])),
      },
    },
  };
}

function property(setting: Setting): Record<string, unknown> {
  const { kind, text, example, choices } = setting;
  return {
    type: types[kind],
    description: `${text} (${variableOf(setting)} goes before it)`,
    examples: [example],
    ...(choices === undefined ? {} : { enum: choices }),
  };
}
