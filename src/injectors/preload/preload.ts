// What bs9 puts into an app: it answers /healthz, /readyz and /metrics on a private unix socket. The app goes on as it would
// without it, whatever fails here.

import { attempt } from "./attempt.ts";
import { markListening } from "./ready.ts";
import { openSocket } from "./socket.ts";

const mark = Symbol.for("bs9.preload");
const socketDelayMs = 1000;

attempt(() => {
  // A second copy, or a thread of the app, would count everything twice.
  if (mark in globalThis) return;
  Object.defineProperty(globalThis, mark, { value: true });
  const directory = process.env["BS9_INJECT_DIR"];
  if (!directory) return;
  setTimeout(() => attempt(() => openSocket(directory)), socketDelayMs).unref();
  if (typeof Bun === "undefined") return;
  const serve = Bun.serve;
  Bun.serve = function serveCounted(this: unknown, ...args: Parameters<typeof serve>) {
    const server = Reflect.apply(serve, this, args);
    attempt(() => {
      markListening();
      openSocket(directory);
    });
    return server;
  } as typeof serve;
  Object.defineProperty(Bun.serve, "name", { value: serve.name });
});
