// The options of Bun.serve as the app gave them, with functions that count. The app's object stays as it is: Bun sees it through a
// proxy. Static answers and HTML imports in `routes` never reach a function of the app: Bun answers them itself, with its ETags,
// so they are not counted.
import { answerNotFound, counted, countedError, type Fetch } from "./bun-fetch.ts";

export type Options = Record<PropertyKey, unknown>;

/** `isNew`: for a new server, and not for a reload. */
export function countingOptions(options: Options, isNew: boolean): Options {
  const own = replaced(options, isNew);
  const read = (key: PropertyKey) => (own.has(key) ? own.get(key) : field(options, key));
  // The target is empty, because a proxy must return the value that a frozen target has.
  return new Proxy<Options>(
    {},
    {
      get: (_, key) => read(key),
      has: (_, key) => own.get(key) !== undefined || hasField(options, key),
      ownKeys: () => Reflect.ownKeys(options),
      getOwnPropertyDescriptor(_, key) {
        const descriptor = Reflect.getOwnPropertyDescriptor(options, key);
        if (descriptor === undefined) return undefined;
        return { value: read(key), enumerable: descriptor.enumerable === true, writable: true, configurable: true };
      },
    },
  );
}

/** An option as Bun reads it: from the object and its classes, but not from Object.prototype, to which anybody can add fields. */
export function field(options: Options, key: PropertyKey): unknown {
  return hasField(options, key) ? Reflect.get(options, key, options) : undefined;
}

const hasField = (options: object, key: PropertyKey) => key in options && (!(key in Object.prototype) || isInClass(options, key));

function isInClass(options: object, key: PropertyKey): boolean {
  for (let at: object | null = options; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return true;
  }
  return false;
}

/** These options are read once, because they may be getters. */
function replaced(options: Options, isNew: boolean): Map<PropertyKey, unknown> {
  const own = new Map<PropertyKey, unknown>(["fetch", "routes", "error"].map((key) => [key, field(options, key)]));
  const [fetch, routes, error] = own.values();
  if (typeof fetch === "function") own.set("fetch", counted(fetch as Fetch, null));
  // Without a function, Bun itself answers 404 for what no route matches, which would not be counted. A server that is reloaded
  // without a function keeps the function that it has.
  else if (isRoutes(routes) && isNew) own.set("fetch", counted(answerNotFound, null));
  if (isRoutes(routes)) own.set("routes", countingRoutes(routes));
  if (typeof error === "function") own.set("error", countedError(error as (this: unknown, error: unknown) => unknown));
  return own;
}

/** Not the list `routes` of an app of hono, which Bun ignores. */
function isRoutes(routes: unknown): routes is Options {
  return typeof routes === "object" && routes !== null && !Array.isArray(routes);
}

function countingRoutes(routes: Options): Options {
  const result: Options = {};
  for (const [pattern, target] of Object.entries(routes)) {
    const wrap = (one: unknown) => (typeof one === "function" ? counted(one as Fetch, pattern) : one);
    result[pattern] = isByMethod(target)
      ? Object.fromEntries(Object.entries(target).map(([name, one]) => [name, wrap(one)]))
      : wrap(target);
  }
  return result;
}

/** `{GET(request) {…}, POST: new Response()}`, and not a Response, a file or an HTML import. */
function isByMethod(target: unknown): target is Options {
  if (typeof target !== "object" || target === null || Object.getPrototypeOf(target) !== Object.prototype) return false;
  return Object.keys(target).every((key) => /^[A-Z]+$/.test(key));
}
