// The servers of Bun.serve, and those of their methods that change what is counted.
import { attempt } from "./attempt.ts";
import { apply, replace } from "./replace.ts";

export type BunServer = ReturnType<typeof Bun.serve> & { closeIdleConnections?(): void };
type Reload = (method: Method, server: BunServer, args: unknown[], caller: Method) => unknown;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The servers that Bun.serve started and the app did not stop; those of node:http are not among them. */
export const bunServers = new Set<BunServer>();

/** The servers whose app has a function `error`. Such a function stays where `reload` gives no other. */
const withError = new WeakSet<object>();
const patched = new WeakSet<object>();
const upgrades = new WeakSet<object>();
let isDirect = false;

export const hasErrorFunction = (server: unknown): boolean => withError.has(server as object);
export function noteErrorFunction(server: object): void {
  withError.add(server);
}

/** True if the app made a WebSocket of this request. */
export const isUpgraded = (request: Request): boolean => upgrades.has(request);
/** True while the app itself calls server.fetch(), which is not a request of a client. */
export const isOwnCall = (): boolean => isDirect;

/**
 * Each of the kinds of servers that Bun has, with TLS and without, has a prototype of its own. `reloadBy` calls Bun's
 * `reload` with options that count.
 */
export function patchServer(prototype: BunServer, reloadBy: Reload): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const { fetch, reload, stop, upgrade } = prototype as unknown as Record<string, Method>;
  if (!fetch || !reload || !stop || !upgrade) return;
  const methods = {
    fetch(this: BunServer, ...args: unknown[]) {
      isDirect = true;
      try {
        return apply(fetch, this, args);
      } finally {
        isDirect = false;
      }
    },
    reload(this: BunServer, ...args: unknown[]) {
      return bunServers.has(this) ? reloadBy(reload, this, args, methods.reload as Method) : apply(reload, this, args);
    },
    stop(this: BunServer, ...args: unknown[]) {
      attempt(() => bunServers.delete(this));
      return apply(stop, this, args);
    },
    upgrade(this: BunServer, request: object, ...more: unknown[]) {
      const isDone = apply(upgrade, this, [request, ...more]);
      if (isDone === true) attempt(() => upgrades.add(request));
      return isDone;
    },
  };
  for (const [name, method] of Object.entries(methods)) replace(prototype, name, method);
}
