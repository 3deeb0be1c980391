// The JSON Schema of alerts.json, for editors; made from the schema that parses the file.
import { AlertConfig } from "./config.ts";

export async function alertsJsonSchema(): Promise<Record<string, unknown>> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  // Checks that JSON Schema cannot express, such as the one for the name of a figure, are left out.
  const schema = toJsonSchema(AlertConfig, { target: "draft-2020-12", typeMode: "input", errorMode: "ignore" });
  return { title: "alerts.json of bs9", ...schema };
}
