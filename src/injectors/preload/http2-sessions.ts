// The connections of HTTP/2, and the streams of apps that use the stream API of node:http2, which have no request object.

type Closing = { once(name: "close", then: () => void): unknown };
type Session = Closing & { closed?: boolean; close(): void };
type Stream = Closing & { headersSent?: boolean; sentHeaders?: Record<string, unknown> };

const sessions = new Set<Session>();
/** The open streams, with the time at which each began. */
const streams = new Map<Stream, number>();

export function noteSession(session: unknown): void {
  keep(
    session,
    (one) => sessions.add(one as Session),
    (one) => sessions.delete(one as Session),
  );
}

export function noteStream(stream: unknown, began: number): void {
  keep(
    stream,
    (one) => streams.set(one as Stream, began),
    (one) => streams.delete(one as Stream),
  );
}

/** A stream with a request object is counted as a request. */
export function forgetStream(request: object): void {
  if (streams.size > 0) streams.delete((request as { stream?: Stream }).stream as Stream);
}

/** Sends GOAWAY to the clients. Each session then closes itself once its streams have ended. */
export function closeSessions(): void {
  for (const session of sessions) if (session.closed !== true) session.close();
}

export const streamsInFlight = (): number => streams.size;

/** The event streams, and the streams that wait since before `since` for an answer. */
export function longLivedStreams(since: number): number {
  let sum = 0;
  for (const [{ headersSent, sentHeaders }, began] of streams) {
    const isEventStream = /^text\/event-stream/i.test(String(sentHeaders?.["content-type"]));
    if (headersSent === true ? isEventStream : began < since) sum++;
  }
  return sum;
}

function keep(emitter: unknown, add: (emitter: Closing) => void, remove: (emitter: Closing) => void): void {
  if (typeof emitter !== "object" || emitter === null) return;
  const closing = emitter as Closing;
  if (typeof closing.once !== "function") return;
  closing.once("close", () => remove(closing));
  add(closing);
}
