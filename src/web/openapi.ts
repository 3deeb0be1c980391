// The OpenAPI 3.1 document of the API, made from the table of routes. Pure.
import { version } from "../version.ts";
import type { FailureStatus } from "./problem.ts";
import type { Route } from "./route.ts";

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: { type: { type: "string" }, title: { type: "string" }, status: { type: "integer" }, detail: { type: "string" } },
};

const whyRefused: Record<FailureStatus, string> = {
  400: "a parameter, the body or the Host header cannot be used",
  401: "there is no token or session, or a wrong one",
  403: "the Host or Origin header names another host or site, or the token may only read",
  404: "there is nothing with this name",
  405: "the path does not take this method",
  408: "the body did not come in time",
  409: "it could not be done; `detail`, `hint` and `lines` say why",
  413: "the body is too long",
  426: "the request does not ask for a WebSocket",
  429: "too many requests of this kind; Retry-After says when to try again",
  500: "it failed; `detail` says why",
  503: "too many requests at the same time, or the services could not be read in time",
};

/** `cookieName`: the cookie that carries a session. */
export function openApiOf(routes: readonly Route[], cookieName: string): object {
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
        session: { type: "apiKey", in: "cookie", name: cookieName, description: "the session that /login opens; a POST needs Origin too" },
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

function operationOf(route: Route): object {
  const { method, path, needs, summary, parameter, query = {}, body } = route;
  const [, name] = /\{(\w+)\}/.exec(path) ?? [];
  const parameters = [
    ...(name === undefined ? [] : [{ name, in: "path", required: true, description: parameter ?? name, schema: { type: "string" } }]),
    ...Object.entries(query).map(([field, { text, schema }]) => ({ name: field, in: "query", required: false, description: text, schema })),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z]+(.?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(needs === "nothing"
      ? { security: [] }
      : {
          security: [{ token: [] }, { session: [] }],
          description: `needs the ${needs === "full" ? "token" : "token or the read-only token"}, or a session opened with it`,
        }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { description: body.text, required: true, content: withSchemas(body.content) } }),
    responses: {
      ...doneOf(route),
      ...Object.fromEntries(failuresOf(route).map((status) => [status, { description: whyRefused[status], content: problemContent }])),
    },
  };
}

const problemContent = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

const withSchemas = (content: Record<string, object>) =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));

function doneOf({ isSocket, done, type, answers }: Route): object {
  if (isSocket === true) return { "101": { description: "the connection becomes a WebSocket" } };
  if (done === 204) return { "204": { description: "done" } };
  if (done === 303) return { "303": { description: "done; Location is the page" } };
  const schema = answers ?? (type === "application/json" ? { type: "object" } : { type: "string" });
  return { "200": { description: "done", content: withSchemas({ [type]: schema }) } };
}

/** The statuses of errors that this route can answer with. */
function failuresOf({ path, needs, body, isFree, fails = [] }: Route): FailureStatus[] {
  const statuses: FailureStatus[] = [400, 403, 500, ...fails];
  if (needs !== "nothing") statuses.push(401, 429);
  if (path.includes("{")) statuses.push(404);
  if (body !== undefined) statuses.push(408, 413);
  if (isFree !== true) statuses.push(503);
  return [...new Set(statuses)].sort((a, b) => a - b);
}
