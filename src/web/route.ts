// The type of a route, and how a request finds its route. The router and the OpenAPI document derive from the table in routes.ts.
import { usage } from "../base/errors.ts";
import type { Access, Admission } from "./auth.ts";
import { type FailureStatus, type HttpAnswer, problem } from "./problem.ts";

/** A parameter of the query, with the text and the JSON schema that the OpenAPI document shows. */
export type QueryField = { text: string; schema: Record<string, unknown> };

/** A request that was let in. */
export type Asked = {
  /** The part of the path where the route has a name in braces, such as `{name}`; empty for other routes. */
  name: string;
  query: URLSearchParams;
  headers: Headers;
  /** Reads the body as text. Throws a usage error where it is too long, and where it does not come in time. */
  body(): Promise<string>;
  address: string;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
  /** The client uses TLS, to this server or to the reverse proxy before it. */
  isTls: boolean;
  /** This server speaks TLS itself. */
  isOwnTls: boolean;
  /** Null only for routes that need nothing. */
  access: Access | null;
};

/** The body of a request: its schema for each media type. */
export type BodyField = { text: string; content: Record<string, Record<string, unknown>> };

/** What a route does, and what the OpenAPI document says about it. The table of routes says who may call it. */
export type Endpoint = {
  summary: string;
  /** What stands at the place of the name in braces, where the path has one. */
  parameter?: string;
  query?: Record<string, QueryField>;
  body?: BodyField;
  /** The status of the answer, where it is not 200. */
  done?: 204 | 303;
  /** Statuses of errors, besides those that follow from the path, the parameters and the body. */
  fails?: readonly FailureStatus[];
  /** The media type of the answer. */
  type: string;
  /** The JSON schema of the answer, where it is JSON. */
  answers?: Record<string, unknown>;
  /** True where the answer may take longer than the idle time of a connection. */
  isSlow?: boolean;
  /** True for a file of the page, which the OpenAPI document leaves out. */
  isPage?: boolean;
  /** True where the answer costs so little that no limit applies to it. */
  isFree?: boolean;
  answer(asked: Asked): HttpAnswer | Promise<HttpAnswer>;
};

/** A row of the table of routes. The path may have one name in braces, which stands for one part of the path. */
export type Route = Admission & Endpoint & { path: string };

export type FoundRoute = { route: Route; name: string };

/**
 * Finds the route of a request, or makes the answer that there is none; HEAD is answered as GET without a body (RFC 9110,
 * 9.3.2).
 */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute | HttpAnswer {
  const there = routes.flatMap((route) => {
    const name = nameIn(route.path, path);
    return name === null ? [] : [{ route, name }];
  });
  if (there.length === 0) return problem(404, "there is no such path");
  const found = there.find(({ route }) => methodsOf(route).includes(method));
  if (found !== undefined) return found;
  const allowed = there.flatMap(({ route }) => methodsOf(route));
  return problem(405, `${method} is not allowed for this path`, { Allow: [...new Set(allowed)].join(", ") });
}

function methodsOf({ method, usesUp }: Route): string[] {
  return method === "GET" && usesUp !== true ? ["GET", "HEAD"] : [method];
}

/** The text at the place of the name in braces; empty if the route has none, and null if the path is another one. */
function nameIn(pattern: string, path: string): string | null {
  const [before = "", , after] = pattern.split(/(\{\w+\})/);
  if (after === undefined) return pattern === path ? "" : null;
  if (!path.startsWith(before) || !path.endsWith(after) || path.length < before.length + after.length) return null;
  const name = path.slice(before.length, path.length - after.length);
  return /^[^/]{1,100}$/.test(name) ? name : null;
}

/** Throws a usage error for a parameter that the route does not have, and for one that is given twice. */
export function checkQuery({ query = {} }: Route, given: URLSearchParams): void {
  const names = [...given.keys()];
  for (const name of names) {
    if (!Object.hasOwn(query, name))
      throw usage(`there is no parameter ${JSON.stringify(name.slice(0, 40))}`, { hint: parametersHint(Object.keys(query)) });
    if (names.indexOf(name) !== names.lastIndexOf(name)) throw usage(`the parameter '${name}' is given twice`);
  }
}

function parametersHint(names: string[]): string {
  return names.length === 0 ? "this path takes no parameters" : `the parameters are ${names.join(", ")}`;
}
