// Counts the requests of the servers of node:http, node:https and node:http2. All of them are servers of node:net and emit
// "request" on themselves; their responses emit "finish" or, where the client went away, "close". So two methods `emit` are
// wrapped, and no function of the app changes.
import { complain } from "./attempt.ts";
import { load } from "./builtin.ts";
import { now } from "./clock.ts";
import { isDraining } from "./draining.ts";
import { forgetStream, noteSession, noteStream } from "./http2-sessions.ts";
import { begin, end, type NodeRequest, type NodeResponse } from "./node-exchange.ts";
import { takeNotFound } from "./node-not-found.ts";
import { markListening } from "./ready.ts";
import { apply, replace } from "./replace.ts";

type Emitter = { emit(...args: unknown[]): boolean };
export type NodeServer = Emitter & {
  listening: boolean;
  close(...args: unknown[]): unknown;
  closeIdleConnections?(): void;
};

const wrappedEmit = new WeakSet<object>();

/** The servers of the preload itself, which the app does not have. */
export const privateServers = new WeakSet<object>();
/** Servers of node:http, node:https and node:http2 that listen. */
export const nodeServers = new Set<NodeServer>();

/** Wraps what node:net has; node:http and node:http2 build on it. On Bun, the servers of node:http have a class of their own. */
export function wrapNodeServers(module: "node:net" | "node:http"): void {
  const { Server } = load<{ Server: { prototype: Emitter } }>(module);
  wrapEmit(Server.prototype, (server, [name, request, response]) => {
    if (name === "request" || name === "checkContinue") answering(request, response);
    else if (name === "session") noteSession(request);
    else if (name === "stream") noteStream(request, now());
    else if (name === "listening") addNodeServer(server as NodeServer);
    else if (name === "close") nodeServers.delete(server as NodeServer);
  });
}

/** For a plain TCP server only the listening matters, because the content of its connections is unknown. */
export function addNodeServer(server: NodeServer): void {
  if (privateServers.has(server)) return;
  if ("closeIdleConnections" in server || "updateSettings" in server) nodeServers.add(server);
  markListening();
}

function answering(request: unknown, response: unknown): void {
  if (typeof request !== "object" || request === null || typeof response !== "object" || response === null) return;
  wrapEmit(Object.getPrototypeOf(response), (emitter, [name]) => {
    if (name === "finish" || name === "close") end(emitter);
  });
  forgetStream(request);
  if (!begin(request as NodeRequest, response as NodeResponse)) return;
  if (isDraining()) (response as NodeResponse).shouldKeepAlive = false;
  takeNotFound(request, response);
}

/** Calls `see` before each event of these objects. A class whose `emit` is inherited has the wrapped one already. */
function wrapEmit(prototype: Emitter, see: (emitter: Emitter, args: unknown[]) => void): void {
  if (wrappedEmit.has(prototype) || wrappedEmit.has(prototype.emit)) return;
  const original = prototype.emit;
  const { emit } = {
    emit(this: Emitter, ...args: unknown[]): boolean {
      try {
        see(this, args);
      } catch (error) {
        complain(error);
      }
      return apply(original, this, args);
    },
  };
  replace(prototype, "emit", emit);
  wrappedEmit.add(prototype).add(emit);
}
