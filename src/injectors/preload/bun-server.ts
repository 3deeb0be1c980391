// The servers of Bun.serve, and those of their methods that change what is counted.

export type BunServer = ReturnType<typeof Bun.serve> & { closeIdleConnections?(): void };

/** The servers that Bun.serve started and the app did not stop; those of node:http are not among them. */
export const bunServers = new Set<BunServer>();

const patched = new WeakSet<object>();
const upgrades = new WeakSet<object>();
let isDirect = false;

/** True if the app made a WebSocket of this request. */
export const isUpgraded = (request: Request): boolean => upgrades.has(request);
/** True while the app itself calls server.fetch(), which is not a request of a client. */
export const isOwnCall = (): boolean => isDirect;

/** Each of the kinds of servers that Bun has, with TLS and without, has a prototype of its own. */
export function patchServer(prototype: BunServer, wrapped: (options: unknown, server: BunServer) => unknown): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const { fetch, reload, stop, upgrade } = prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  if (!fetch || !reload || !stop || !upgrade) return;
  const methods = {
    fetch(this: BunServer, ...args: unknown[]) {
      isDirect = true;
      try {
        return Reflect.apply(fetch, this, args);
      } finally {
        isDirect = false;
      }
    },
    reload(this: BunServer, options: unknown, ...more: unknown[]) {
      return Reflect.apply(reload, this, bunServers.has(this) ? [wrapped(options, this), ...more] : [options, ...more]);
    },
    stop(this: BunServer, ...args: unknown[]) {
      bunServers.delete(this);
      return Reflect.apply(stop, this, args);
    },
    upgrade(this: BunServer, request: object, ...more: unknown[]) {
      const isDone = Reflect.apply(upgrade, this, [request, ...more]);
      if (isDone === true) upgrades.add(request);
      return isDone;
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { ...Object.getOwnPropertyDescriptor(prototype, name), value });
  }
}
