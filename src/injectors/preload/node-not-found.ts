// Replaces a 404 of an app on node:http, for the paths that the preload answers. The app runs as it would without the preload; what
// it writes of its 404 is dropped. A 404 of a route of express or fastify for exactly this path stays.
import { type OwnAnswer, publicAnswer } from "./answers.ts";
import { attempt } from "./attempt.ts";
import { watchFastify } from "./fastify.ts";
import { pathOf } from "./paths.ts";
import { apply } from "./replace.ts";

type Request = {
  method?: string;
  url?: string;
  originalUrl?: string;
  baseUrl?: string;
  route?: { path?: unknown };
  headers: Record<string, string | string[] | undefined>;
};
type Response = {
  statusCode: number;
  statusMessage?: string;
  headersSent: boolean;
  getHeaders(): Record<string, string | number | string[]>;
  removeHeader(name: string): void;
  setHeader(name: string, value: string | number | string[]): void;
  writeHead(...args: unknown[]): unknown;
  write(...args: unknown[]): unknown;
  end(...args: unknown[]): unknown;
};

export function takeNotFound(request: object, response: object): void {
  const { method = "", url = "", headers } = request as Request;
  // Most requests end here: /healthz, /readyz and /metrics have these letters.
  if (!url.startsWith("/healthz") && !url.startsWith("/readyz") && !url.startsWith("/metrics")) return;
  const path = pathOf(url);
  if (publicAnswer(method, path, "") === null) return;
  const routeOfFastify = watchFastify(request, response);
  const answer = () => {
    const isOwn = routeOfFastify() === path || expressRoutes(request as Request).includes(path);
    return isOwn ? null : publicAnswer(method, path, String(headers["accept"] ?? ""));
  };
  watch(response as Response, answer);
}

/** Express writes the route that it found into the request. */
function expressRoutes({ originalUrl, baseUrl = "", route }: Request): unknown[] {
  if (originalUrl === undefined || typeof route !== "object" || route === null) return [];
  return [route.path].flat().map((path) => `${baseUrl}${path}`);
}

function watch(response: Response, answer: () => OwnAnswer | null): void {
  const { writeHead, write, end } = response;
  let state = "waiting" as "waiting" | "taken" | "left";
  const isTaken = () => state === "taken";
  const take = (status: unknown): boolean => {
    if (state !== "waiting" || status !== 404) return isTaken();
    state = "left";
    attempt(() => {
      const own = response.headersSent ? null : answer();
      if (own === null) return;
      writeInstead(response, own);
      Object.assign(response, { writeHead, write, end });
      state = "taken";
      apply(end, response, [own.body]);
      Object.assign(response, { writeHead: () => response, write: () => true, end: ended });
    });
    return isTaken();
  };
  const ended = (...args: unknown[]) => {
    const then = args.findLast((one) => typeof one === "function") as (() => void) | undefined;
    if (then !== undefined) queueMicrotask(then);
    return response;
  };
  Object.assign(response, {
    writeHead: (...args: unknown[]) => (take(args[0]) ? response : apply(writeHead, response, args)),
    write: (...args: unknown[]) => (take(response.statusCode) ? true : apply(write, response, args)),
    end: (...args: unknown[]) => (take(response.statusCode) ? ended(...args) : apply(end, response, args)),
  });
}

/** Where it fails, the head is as it was. */
function writeInstead(response: Response, { status, type, body }: OwnAnswer): void {
  const headers = response.getHeaders();
  try {
    for (const name of Object.keys(headers)) response.removeHeader(name);
    response.setHeader("content-type", type);
    response.setHeader("content-length", Buffer.byteLength(body));
    if (Object.hasOwn(response, "statusMessage")) response.statusMessage = "";
    response.statusCode = status;
  } catch (error) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    throw error;
  }
}
