// Stops an app gracefully on SIGTERM: it takes no new connection, finishes the requests in flight, and only then the listeners of
// the app run. An app without listeners ends by the signal, as it would without the preload.
import { attempt } from "./attempt.ts";
import { bunServers } from "./bun-server.ts";
import { startDraining } from "./draining.ts";
import { type NodeServer, nodeInFlight, nodeServers } from "./node-http.ts";
import { markStopping } from "./ready.ts";
import { hasListeners, holdListeners, release, runListeners } from "./sigterm.ts";
import { removeSocket } from "./socket.ts";

const defaultStopMs = 30_000;
/** The rest of the stop timeout is for the listeners of the app. */
const shareForDrain = 0.8;
const lookEveryMs = 10;
/** As PID 1 of its namespace, a process is not ended by a signal without a listener (pid_namespaces(7)). */
const untilExitMs = 500;
const exitStatus = 143;

const signalNumber = 15;
let state: "running" | "draining" | "told" = "running";

export function stopGracefully(): void {
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
  attempt(stopAccepting);
  const stopMs = Number(process.env["BS9_INJECT_STOP_MS"]) || defaultStopMs;
  const until = performance.now() + stopMs * shareForDrain;
  const look = () => {
    if (state !== "draining") return;
    attempt(closeIdle);
    if (inFlight() === 0 || performance.now() >= until) finish();
    else setTimeout(look, lookEveryMs);
  };
  // A request that has arrived already, and was not read yet, is in flight too.
  setTimeout(look, lookEveryMs);
}

export function inFlight(): number {
  let sum = nodeInFlight();
  for (const server of bunServers) sum += server.pendingRequests;
  return sum;
}

/** The servers that were stopped here, whose last requests are still answered. */
const stopped = new Set<{ closeIdleConnections?(): void }>();

function stopAccepting(): void {
  for (const server of [...bunServers]) {
    stopped.add(server);
    void server.stop(false);
    bunServers.add(server);
  }
  for (const server of [...nodeServers]) {
    stopped.add(server);
    closeNodeServer(server);
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
  Object.defineProperty(server, "close", { value: close, writable: true, configurable: true, enumerable: false });
}

function finish(): void {
  state = "told";
  if (hasListeners()) {
    runListeners("SIGTERM", signalNumber);
    return;
  }
  removeSocket();
  release();
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(exitStatus), untilExitMs);
}
