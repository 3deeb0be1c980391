// Wraps Bun.serve, so that requests are counted, and Bun.listen, with which node:net makes its servers.
import { attempt, complain } from "./attempt.ts";
import { countingOptions, field, type Options } from "./bun-options.ts";
import { type BunServer, bunServers, noteErrorFunction, patchServer } from "./bun-server.ts";
import { markListening } from "./ready.ts";
import { apply } from "./replace.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Bun's node:http calls Bun.serve, and its node:net calls Bun.listen: `onNode` is called once the app has loaded one of them. */
export function wrapBunServe(onNode: (module: "node:http" | "node:net") => void): void {
  wrapListen(() => onNode("node:net"));
  const original = Bun.serve as unknown as Method;
  const { serve } = {
    serve(this: unknown, options: unknown): unknown {
      const isNode = isObject(options) && "onNodeHTTPRequest" in options;
      if (isNode) attempt(() => onNode("node:http"));
      const server = isNode ? apply(original, this, [options]) : withCounting(original, this, [options], serve, true);
      attempt(() => {
        if (!isNode) {
          bunServers.add(server as BunServer);
          patchServer(Object.getPrototypeOf(server), (method, one, args, reload) => withCounting(method, one, args, reload, false));
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
  const original = Bun.listen as unknown as Method;
  const { listen } = {
    listen(this: unknown, options: unknown): unknown {
      if (isObject(options) && "pauseOnConnect" in options) attempt(onNodeNet);
      const listener = apply(original, this, [options]);
      attempt(markListening);
      return listener;
    },
  };
  Bun.listen = listen as unknown as typeof Bun.listen;
}

/**
 * Calls `serve` or `reload` of Bun with options that count. Where this fails, the app's own options decide: they fail as without the
 * preload, or they do and nothing is counted. `caller` is the function that the app has called.
 */
function withCounting(method: Method, self: unknown, [options, ...more]: unknown[], caller: Method, isNew: boolean): unknown {
  let failure: unknown = null;
  try {
    if (isObject(options)) {
      const result = apply(method, self, [countingOptions(options, isNew), ...more]);
      if (typeof field(options, "error") === "function") noteErrorFunction((isNew ? result : self) as object);
      return result;
    }
  } catch (error) {
    failure = error;
  }
  try {
    return apply(method, self, [options, ...more]);
  } catch (error) {
    failure = null;
    // Bun prints the lines of code where the stack begins: those of the app.
    attempt(() => error instanceof Error && Error.captureStackTrace(error, caller));
    throw error;
  } finally {
    if (failure !== null) complain(failure);
  }
}

function isObject(value: unknown): value is Options {
  return typeof value === "object" && value !== null;
}
