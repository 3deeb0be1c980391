// Counts the requests of the servers of node:http, node:https and node:http2. All of them are servers of node:net and emit
// "request" on themselves; their responses emit "finish" or, where the client went away, "close". So two methods `emit` are
// wrapped, and no object of the app changes.
import { load } from "./builtin.ts";
import { isDraining } from "./draining.ts";
import { takeNotFound } from "./node-not-found.ts";
import { folded, pathOf, routeOfUrl } from "./paths.ts";
import { markListening } from "./ready.ts";
import { type CountedRoute, count, routeOf } from "./series.ts";

type Emitter = { emit(...args: unknown[]): boolean };
export type NodeRequest = { method?: string; url?: string; headers: Record<string, string | string[] | undefined> };
export type NodeResponse = Emitter & {
  statusCode: number;
  headersSent: boolean;
  writableFinished?: boolean;
  shouldKeepAlive?: boolean;
  [began]?: number;
  [asked]?: NodeRequest;
};
export type NodeServer = Emitter & {
  listening: boolean;
  close(...args: unknown[]): unknown;
  closeIdleConnections?(): void;
};

const began = Symbol("bs9.began");
const asked = Symbol("bs9.request");
const wrappedEmit = new WeakSet<object>();

/** The servers of the preload itself, which the app does not have. */
export const privateServers = new WeakSet<object>();
/** Servers of node:http, node:https and node:http2 that listen. */
export const nodeServers = new Set<NodeServer>();
let unanswered = 0;

export const nodeInFlight = (): number => unanswered;

/** Wraps what node:net has; node:http and node:http2 build on it. On Bun, the servers of node:http have a class of their own. */
export function wrapNodeServers(module: "node:net" | "node:http"): void {
  const { Server } = load<{ Server: { prototype: Emitter } }>(module);
  wrapServer(Server.prototype);
}

function wrapServer(prototype: Emitter): void {
  if (wrappedEmit.has(prototype)) return;
  wrappedEmit.add(prototype);
  const original = prototype.emit;
  define(prototype, {
    emit(this: NodeServer, ...args: [unknown?, unknown?, unknown?, ...unknown[]]): boolean {
      const name = args[0];
      if (name === "request" || name === "checkContinue") begin(args[1] as NodeRequest, args[2] as NodeResponse);
      else if (name === "listening") addNodeServer(this);
      else if (name === "close") nodeServers.delete(this);
      return original.apply(this, args);
    },
  });
}

/** For a plain TCP server only the listening matters, because the content of its connections is unknown. */
export function addNodeServer(server: NodeServer): void {
  if (privateServers.has(server)) return;
  if ("closeIdleConnections" in server || "updateSettings" in server) nodeServers.add(server);
  markListening();
}

function begin(request: NodeRequest, response: NodeResponse): void {
  // An app may emit "request" itself after "checkContinue".
  if (typeof response !== "object" || response === null || response[began] !== undefined) return;
  wrapResponse(Object.getPrototypeOf(response));
  response[began] = performance.now();
  response[asked] = request;
  unanswered++;
  if (isDraining()) response.shouldKeepAlive = false;
  takeNotFound(request, response);
}

function wrapResponse(prototype: Emitter): void {
  if (wrappedEmit.has(prototype) || wrappedEmit.has(prototype.emit)) return;
  wrappedEmit.add(prototype);
  const original = prototype.emit;
  define(prototype, {
    emit(this: NodeResponse, ...args: unknown[]): boolean {
      const name = args[0];
      if (name === "finish" || name === "close") end(this, name);
      return original.apply(this, args);
    },
  });
  wrappedEmit.add(prototype.emit);
}

function define(prototype: Emitter, { emit }: Emitter): void {
  Object.defineProperty(prototype, "emit", { value: emit, writable: true, configurable: true, enumerable: false });
}

/** A client that went away before the answer is counted as nginx does it, with 499. */
function end(response: NodeResponse, name: "finish" | "close"): void {
  const start = response[began];
  if (start === undefined || Number.isNaN(start)) return;
  response[began] = Number.NaN;
  unanswered--;
  const request = response[asked] as NodeRequest;
  const status = name === "finish" || response.headersSent ? response.statusCode : 499;
  count(routeOfExpress(request) ?? routeOfUrl(request.url ?? "/", status), request.method ?? "OTHER", status, start);
}

type ExpressRequest = NodeRequest & { baseUrl?: unknown; originalUrl?: unknown; route?: { path?: unknown } };

const expressRoutes = new WeakMap<object, { base: string; route: CountedRoute | null }>();

/** Null if the request has no route of express. */
function routeOfExpress({ baseUrl, originalUrl, route }: ExpressRequest): CountedRoute | null {
  if (typeof originalUrl !== "string" || typeof route !== "object" || route === null) return null;
  const base = typeof baseUrl === "string" ? baseUrl : "";
  const known = expressRoutes.get(route);
  if (known !== undefined && known.base === base) return known.route;
  if (typeof route.path !== "string") return null;
  const found = routeOf(`${foldedBase(base)}${route.path}`);
  expressRoutes.set(route, { base, route: found });
  return found;
}

function foldedBase(base: string): string {
  return base === "" ? "" : folded(pathOf(base));
}
