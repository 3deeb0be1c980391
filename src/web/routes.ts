// The table of routes, and how a request finds its row.
import { hostname } from "node:os";
import { reasonOf } from "../base/errors.ts";
import { jsonResponse, problem, textResponse } from "./problem.ts";

type Method = "GET";
type Answer = () => Response | Promise<Response>;
export type Route = { path: string; method: Method; answer: Answer };
export type RouteDeps = { statuses: () => Promise<unknown[]>; now: () => number };

const statusTimeoutMs = 10_000;

export function routesOf({ statuses, now }: RouteDeps): Route[] {
  const latest = shared(statuses);
  return [
    { path: "/healthz", method: "GET", answer: () => textResponse("ok") },
    {
      path: "/api/metrics",
      method: "GET",
      answer: async () => {
        try {
          const services = await within(latest(), statusTimeoutMs);
          if (services === null) return problem(503, `the status of the services could not be read within ${statusTimeoutMs / 1000} s`);
          return jsonResponse({ at: new Date(now()).toISOString(), host: hostname(), services });
        } catch (error) {
          return problem(500, `the services cannot be read: ${reasonOf(error)}`);
        }
      },
    },
  ];
}

/**
 * Finds the route of a request, or makes the answer that there is none; HEAD is answered as GET without a body (RFC 9110,
 * 9.3.2).
 */
export function find(routes: Route[], method: string, path: string): Route | Response {
  const there = routes.filter((route) => route.path === path);
  if (there.length === 0) return problem(404, "there is no such path");
  const found = there.find((route) => route.method === (method === "HEAD" ? "GET" : method));
  if (found !== undefined) return found;
  const allowed = there.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method]));
  return problem(405, `${method} is not allowed for this path`, { Allow: allowed.join(", ") });
}

/** Concurrent requests share one reading. */
function shared(statuses: () => Promise<unknown[]>): () => Promise<unknown[]> {
  let running: Promise<unknown[]> | null = null;
  return () => {
    running ??= statuses().finally(() => {
      running = null;
    });
    return running;
  };
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: Timer | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
