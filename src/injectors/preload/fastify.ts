// Asks fastify which route a request has. Fastify publishes it on a diagnostics channel, which costs each of its requests some time
// while somebody listens, so the preload listens only while a request for one of its own paths is in flight.
import { attempt } from "./attempt.ts";
import { load } from "./builtin.ts";
import { whenEnded } from "./node-exchange.ts";

type Message = { request?: { raw?: unknown }; route?: { url?: unknown } };

const channel = "tracing:fastify.request.handler:start";
/** The requests in flight whose route matters; undefined until fastify has told it. */
const routes = new Map<object, unknown>();
let isListening = false;

/** The function returned gives the pattern of the route, once the app answers. */
export function watchFastify(request: object, response: object): () => unknown {
  const { subscribe, unsubscribe } = load<typeof import("node:diagnostics_channel")>("node:diagnostics_channel");
  if (!isListening) subscribe(channel, note);
  isListening = true;
  routes.set(request, undefined);
  const leave = () => {
    if (routes.size > 0 || !isListening) return;
    isListening = false;
    unsubscribe(channel, note);
  };
  whenEnded(response, () => {
    routes.delete(request);
    // Node 18 fails where a channel loses its last listener while it calls it.
    setImmediate(() => attempt(leave));
  });
  return () => routes.get(request);
}

function note(message: unknown): void {
  const { request, route } = message as Message;
  if (typeof request?.raw === "object" && request.raw !== null && routes.has(request.raw)) routes.set(request.raw, route?.url);
}
