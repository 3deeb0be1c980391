// The OpenAPI 3.1 document of the API, made from the table of routes. Pure.
import { version } from "../version.ts";
import type { Route } from "./route.ts";

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: { type: { type: "string" }, title: { type: "string" }, status: { type: "integer" }, detail: { type: "string" } },
};

const nameParameter = { name: "name", in: "path", required: true, description: "the name of a service", schema: { type: "string" } };

export function openApiOf(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.filter(({ isPage }) => isPage !== true))
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  const document: Record<string, unknown> = {
    openapi: "3.1.0",
    // Relative to the place of this document, so that it also holds behind a reverse proxy.
    servers: [{ url: ".." }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "the token, or the read-only token for requests that only read" },
      },
      schemas: { Problem: problemSchema },
    },
  };
  document["info"] = {
    title: "bs9",
    version: version.version,
    description: "The services of a host: their state, figures and logs, and acts on them.",
  };
  return document;
}

function operationOf({ method, path, needs, summary, query = {}, type, answers, isSocket }: Route): object {
  const parameters = [
    ...(path.includes("{name}") ? [nameParameter] : []),
    ...Object.entries(query).map(([name, { text, schema }]) => ({ name, in: "query", required: false, description: text, schema })),
  ];
  const content = { [type]: { schema: answers ?? (type === "application/json" ? { type: "object" } : { type: "string" }) } };
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z]+(.?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(needs === "nothing"
      ? { security: [] }
      : { security: [{ token: [] }], description: `needs the ${needs === "full" ? "token" : "token or the read-only token"}` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: {
      ...(isSocket === true
        ? { "101": { description: "the connection becomes a WebSocket" } }
        : { "200": { description: "done", content } }),
      default: {
        description: "an error, with a sentence in `detail`",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}
