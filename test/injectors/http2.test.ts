// SIGTERM under the preload in apps with HTTP/2.
import { expect, test } from "bun:test";
import { connect } from "node:http2";
import { App, type Runtime } from "./child.ts";

test.each<[Runtime, string]>([
  ["bun", "http2.mjs"],
  ["node", "http2.mjs"],
  ["bun", "http2-streams.mjs"],
  ["node", "http2-streams.mjs"],
])(
  "on %s, %s tells the client at SIGTERM to open no more streams, answers its request, and ends",
  async (runtime, file) => {
    await using app = await new App(runtime, file, { env: { SLOW_MS: "1500" } }).listens();
    await app.ask("/readyz");
    const session = connect(`http://127.0.0.1:${app.port}`);
    session.on("error", () => {});
    let isToldToGo = false;
    session.on("goaway", () => {
      isToldToGo = true;
    });
    const stream = session.request({ ":path": "/slow" });
    let text = "";
    stream.on("error", () => {});
    stream.on("data", (bytes) => {
      text += bytes;
    });
    const closed = new Promise((resolve) => stream.on("close", resolve));
    // The answer to a ping shows that the app has read the request that was sent before it.
    await new Promise((resolve) => session.ping(resolve));
    app.child.kill("SIGTERM");
    await closed;
    expect([text, isToldToGo]).toEqual(["slow", true]);
    await app.child.exited;
    expect(app.child.signalCode).toBe("SIGTERM");
    session.destroy();
  },
  60_000,
);
