// What bs9 puts into an app: it counts the app's requests, answers /healthz, /readyz and /metrics, and stops the app gracefully.
// The app goes on as it would without it, whatever fails here. It reads these variables, which stay for children of the app:
// BS9_INJECT_DIR (directory of the private sockets), BS9_INJECT_METRICS_ON_PORT=1 (/metrics on the ports of the app, too) and
// BS9_INJECT_STOP_MS (the stop timeout).
import { attempt } from "./attempt.ts";
import { wrapBunServe } from "./bun-serve.ts";
import { measureInFlight } from "./exposition.ts";
import { findNodeServers, wrapAndAdopt } from "./find-servers.ts";
import { wrapNodeServers } from "./node-http.ts";
import { provideReady } from "./ready.ts";
import { isPackageRunner } from "./runner.ts";
import { openSocket } from "./socket.ts";
import { inFlight, stopGracefully } from "./stop.ts";
import { isMainThread } from "./thread.ts";
import { watchForks } from "./workers.ts";

const mark = Symbol.for("bs9.preload");
const socketDelayMs = 1000;

attempt(() => {
  // A second copy would count everything twice; a thread of the app has no signals, and the pid of the process.
  if (mark in globalThis || !isMainThread() || isPackageRunner()) return;
  Object.defineProperty(globalThis, mark, { value: true });
  const serve = typeof Bun === "undefined" ? null : Bun.serve;
  const open = () => {
    const directory = process.env["BS9_INJECT_DIR"];
    if (directory) openSocket(directory, serve);
  };
  measureInFlight(inFlight);
  provideReady(() => {
    attempt(stopGracefully);
    attempt(open);
  });
  // A program that ends at once makes no socket.
  setTimeout(() => {
    if (serve === null) attempt(wrapAndAdopt);
    attempt(open);
  }, socketDelayMs).unref();
  attempt(() => watchForks(() => attempt(stopGracefully)));
  if (serve === null) findNodeServers();
  else wrapBunServe(wrapNodeServers);
});
