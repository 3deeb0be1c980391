// Stops an app gracefully on SIGTERM: it takes no new connection, finishes the requests in flight, and only then the listeners of
// the app run. An app without listeners ends by the signal, as it would without the preload. Event streams and requests that wait
// for long have a shorter time, because most of them never end by themselves. The primary process of node:cluster waits for its
// workers.
import { attempt } from "./attempt.ts";
import { bunInFlight, bunLongLived } from "./bun-in-flight.ts";
import { bunServers } from "./bun-server.ts";
import { now } from "./clock.ts";
import { startDraining } from "./draining.ts";
import { closeSessions, longLivedStreams, streamsInFlight } from "./http2-sessions.ts";
import { closeAfterAnswers, nodeInFlight, nodeLongLived } from "./node-exchange.ts";
import { type NodeServer, nodeServers } from "./node-http.ts";
import { markStopping } from "./ready.ts";
import { replace } from "./replace.ts";
import { hasListeners, holdListeners, release, runListeners } from "./sigterm.ts";
import { removeSocket } from "./socket.ts";
import { keepEnds, livingWorkers, tellEnds } from "./workers.ts";

const defaultStopMs = 30_000;
/** The rest of the stop timeout is for the listeners of the app. */
const shareForDrain = 0.8;
/** Long-lived requests have this share, and at most so many ms. */
const shareForStreams = 0.2;
const maxStreamsMs = 5000;
const lookEveryMs = 10;
/** As PID 1 of its namespace, a process is not ended by a signal without a listener (pid_namespaces(7)). */
const untilExitMs = 500;
const exitStatus = 143;

const signalNumber = 15;
let state: "running" | "draining" | "told" = "running";

let isHeld = false;

export function stopGracefully(): void {
  if (isHeld) return;
  isHeld = true;
  holdListeners(() => {
    // npm forwards the SIGTERM that systemd sends to its server as well, so a further SIGTERM must not cut the drain. The stop
    // timeout bounds the drain.
    if (state === "running") drain();
    else if (state === "told") finish();
  });
}

function drain(): void {
  state = "draining";
  attempt(markStopping);
  attempt(startDraining);
  attempt(closeAfterAnswers);
  attempt(keepEnds);
  // First the connections that wait already are accepted, because the kernel resets them when the port is closed.
  setImmediate(() => attempt(stopAccepting));
  const stopMs = Number(process.env["BS9_INJECT_STOP_MS"]) || defaultStopMs;
  const began = now();
  const until = began + stopMs * shareForDrain;
  const streamsUntil = began + Math.min(stopMs * shareForStreams, maxStreamsMs);
  /** A request that is older than the stop timeout would not end within it. */
  const isDone = () => left() <= (now() < streamsUntil ? 0 : longLived(began - stopMs));
  const look = () => {
    if (state !== "draining") return;
    attempt(closeIdle);
    attempt(closeSessions);
    let mayEnd = now() >= until;
    attempt(() => {
      mayEnd ||= isDone();
    });
    if (mayEnd) finish();
    else setTimeout(look, lookEveryMs);
  };
  // A request that has arrived already, and was not read yet, is in flight too.
  setTimeout(look, lookEveryMs);
}

export const inFlight = (): number => nodeInFlight() + bunInFlight();
const left = () => inFlight() + streamsInFlight() + livingWorkers();
const longLived = (since: number) => nodeLongLived(since) + longLivedStreams(since) + bunLongLived(since);

/** The servers that were stopped here, whose last requests are still answered. */
const stopped: { closeIdleConnections?(): void }[] = [];

function stopAccepting(): void {
  for (const server of [...bunServers]) {
    stopped.push(server);
    attempt(() => {
      void server.stop(false);
      bunServers.add(server);
    });
  }
  for (const server of [...nodeServers]) {
    stopped.push(server);
    attempt(() => closeNodeServer(server));
  }
}

function closeIdle(): void {
  for (const server of stopped) server.closeIdleConnections?.();
}

/** The app closes its server too, and must not be told that this server does not listen. */
function closeNodeServer(server: NodeServer): void {
  let isClosed = false;
  let waiting: ((error?: Error) => void)[] = [];
  server.close(() => {
    isClosed = true;
    for (const then of waiting) then();
    waiting = [];
  });
  const { close } = {
    close(then?: unknown) {
      if (typeof then !== "function") return server;
      if (isClosed) queueMicrotask(() => then());
      else waiting.push(then as () => void);
      return server;
    },
  };
  replace(server, "close", close);
}

function finish(): void {
  state = "told";
  if (hasListeners()) {
    try {
      runListeners("SIGTERM", signalNumber);
    } finally {
      tellEnds();
    }
    return;
  }
  removeSocket();
  release();
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(exitStatus), untilExitMs);
}
