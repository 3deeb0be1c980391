// The JSON Schema of config.toml, for editors; made from the table of settings.
import { type Setting, sections, settings, variableOf } from "./settings.ts";

const types = { text: "string", "number or text": ["string", "number"], truth: "boolean" };

export function jsonSchema(): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "config.toml of bs9",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(sections).map(([name, text]) => [name, section(name, text)])),
  };
}

function section(name: string, description: string): Record<string, unknown> {
  const inIt = settings.filter((setting) => setting.section === name);
  const properties = Object.fromEntries(inIt.map((setting) => [setting.key, property(setting)]));
  return { type: "object", description, additionalProperties: false, properties };
}

function property(setting: Setting): Record<string, unknown> {
  const { kind, text, example, choices } = setting;
  return {
    type: types[kind],
    description: variableOf(setting) === null ? text : `${text} (${variableOf(setting)} overrides it)`,
    examples: [example],
    ...(choices === undefined ? {} : { enum: choices }),
  };
}
