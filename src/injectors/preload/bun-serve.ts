// Wraps Bun.serve, so that requests are counted. The options of the app stay as they are: the wrapped functions are seen through a
// proxy. Static answers and HTML imports in `routes` never reach a function of the app: Bun answers them itself, with its ETags,
// so they are not counted.
import { attempt } from "./attempt.ts";
import { answerNotFound, counted, countedError, type Fetch } from "./bun-fetch.ts";
import { type BunServer, bunServers, patchServer } from "./bun-server.ts";
import { markListening } from "./ready.ts";
import { otherRoute, routeOf } from "./series.ts";

type Options = Record<PropertyKey, unknown>;

/** The servers whose app has a function `error`. Such a function stays where `reload` gives no other. */
const withError = new WeakSet<object>();

/** Bun's node:http calls Bun.serve, and its node:net calls Bun.listen: `onNode` is called once the app has loaded one of them. */
export function wrapBunServe(onNode: (module: "node:http" | "node:net") => void): void {
  wrapListen(() => onNode("node:net"));
  const original = Bun.serve as unknown as (options: unknown) => BunServer;
  const { serve } = {
    serve(this: unknown, options: unknown): BunServer {
      const isNode = isObject(options) && "onNodeHTTPRequest" in options;
      if (isNode) attempt(() => onNode("node:http"));
      const server: BunServer = Reflect.apply(original, this, [isNode ? options : wrapped(options, null)]);
      attempt(() => {
        if (!isNode) {
          bunServers.add(server);
          if (hasErrorFunction(options)) withError.add(server);
          patchServer(Object.getPrototypeOf(server), wrapped);
        }
        markListening();
      });
      return server;
    },
  };
  Bun.serve = serve as unknown as typeof Bun.serve;
}

/** The servers of node:http2 are of node:net. */
function wrapListen(onNodeNet: () => void): void {
  const original = Bun.listen as (options: unknown) => unknown;
  const { listen } = {
    listen(this: unknown, options: unknown): unknown {
      if (isObject(options) && "pauseOnConnect" in options) attempt(onNodeNet);
      const listener = Reflect.apply(original, this, [options]);
      attempt(markListening);
      return listener;
    },
  };
  Bun.listen = listen as unknown as typeof Bun.listen;
}

/**
 * The options with counting functions; as they are where something about them is not as expected. `server` is the server that
 * these options reload; null for a new server.
 */
function wrapped(options: unknown, server: BunServer | null): unknown {
  let result = options;
  attempt(() => {
    if (!isObject(options)) return;
    const own = replaced(options, server);
    if (server !== null && hasErrorFunction(options)) withError.add(server);
    const read = (key: PropertyKey) => (Object.hasOwn(own, key) ? own[key] : Reflect.get(options, key, options));
    // The target is empty, because a proxy must return the value that a frozen target has.
    result = new Proxy<Options>(
      {},
      {
        get: (_, key) => read(key),
        has: (_, key) => Object.hasOwn(own, key) || Reflect.has(options, key),
        ownKeys: () => Reflect.ownKeys(options),
        getOwnPropertyDescriptor(_, key) {
          const descriptor = Reflect.getOwnPropertyDescriptor(options, key);
          if (descriptor === undefined) return undefined;
          return { value: read(key), enumerable: descriptor.enumerable === true, writable: true, configurable: true };
        },
      },
    );
  });
  return result;
}

function replaced(options: Options, server: BunServer | null): Options {
  const own: Options = {};
  const { fetch, routes, error } = options;
  const hasError = hasErrorFunction(options) || (server !== null && withError.has(server));
  if (typeof fetch === "function") own["fetch"] = counted(fetch as Fetch, null, hasError);
  // Without a function, Bun itself answers 404 for what no route matches, which would not be counted. A server that is reloaded
  // without a function keeps the function that it has.
  else if (isObject(routes) && server === null) own["fetch"] = counted(answerNotFound, null, hasError);
  if (isObject(routes)) own["routes"] = wrappedRoutes(routes, hasError);
  if (hasErrorFunction(options)) own["error"] = countedError(error as (this: unknown, error: unknown) => unknown);
  return own;
}

function wrappedRoutes(routes: Options, hasError: boolean): Options {
  const result: Options = {};
  for (const [pattern, target] of Object.entries(routes)) {
    const route = routeOf(pattern) ?? otherRoute;
    const wrap = (one: unknown) => (typeof one === "function" ? counted(one as Fetch, route, hasError) : one);
    result[pattern] = isByMethod(target)
      ? Object.fromEntries(Object.entries(target).map(([name, one]) => [name, wrap(one)]))
      : wrap(target);
  }
  return result;
}

/** `{GET(request) {…}, POST: new Response()}`, and not a Response, a file or an HTML import. */
function isByMethod(target: unknown): target is Options {
  if (!isObject(target) || Object.getPrototypeOf(target) !== Object.prototype) return false;
  return Object.keys(target).every((key) => /^[A-Z]+$/.test(key));
}

function hasErrorFunction(options: unknown): boolean {
  return isObject(options) && typeof options["error"] === "function";
}

function isObject(value: unknown): value is Options {
  return typeof value === "object" && value !== null;
}
