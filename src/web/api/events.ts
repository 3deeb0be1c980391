// The endpoint of the WebSocket. The server makes the connection; this describes it, and answers what is not a WebSocket.
import { usage } from "../../base/errors.ts";
import type { StreamPlace } from "../hub.ts";
import { problem } from "../problem.ts";
import type { Endpoint } from "../route.ts";
import { wholeIn } from "../values.ts";

export const events: Endpoint = {
  summary:
    "a WebSocket: first {stream, resumed}, then {seq, event} for each event of the services: snapshot, change, sample, notice and gone. " +
    "A client that was disconnected names the stream and its last seq to go on there",
  query: {
    stream: { text: "`stream` of the connection before", schema: { type: "string", maxLength: 40 } },
    after: { text: "the last `seq` that was received", schema: { type: "integer", minimum: 0 } },
  },
  type: "application/json",
  fails: [426, 429],
  answer: () =>
    problem(426, "this path is a WebSocket; /api/metrics answers a plain request", { Upgrade: "websocket", Connection: "Upgrade" }),
};

/** Where the client was; null where it begins. */
export function placeIn(query: URLSearchParams): StreamPlace | null {
  const [stream, seq] = [query.get("stream"), wholeIn(query, "after", [0, Number.MAX_SAFE_INTEGER])];
  if ((stream === null) !== (seq === null)) throw usage("stream and after are given together");
  return stream === null || seq === null ? null : { stream: stream.slice(0, 40), seq };
}
