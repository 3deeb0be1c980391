// The answers of the preload itself, on its private socket and on the ports of the app.
//
// On the ports of the app, the app's own answer wins: each request goes to the app as it would without the preload, and only where
// the app answers GET or HEAD for one of these paths with 404 does the answer of the preload take its place. A 404 stays where the
// app has a route for exactly this path that the preload can see: one of Bun.serve, express or fastify. No request is sent to the
// app to find out. bs9 itself asks on the private socket, where nothing of the app is called.
import { exposition } from "./exposition.ts";
import { hasEndpoints, isReady } from "./ready.ts";

export type OwnAnswer = { status: number; type: string; body: string };

const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const plainMetrics = "text/plain; version=0.0.4; charset=utf-8";

/** On the private socket, metrics are OpenMetrics unless only text/plain is accepted. */
export function privateAnswer(path: string, accept: string): OwnAnswer {
  const isPlain = accept.includes("text/plain") && !accept.includes("openmetrics");
  return answerTo(path, !isPlain) ?? { status: 404, type: "text/plain; charset=utf-8", body: "not found\n" };
}

/** In place of a 404 of the app. Null where the 404 stays. */
export function publicAnswer(method: string, path: string, accept: string): OwnAnswer | null {
  if ((method !== "GET" && method !== "HEAD") || !hasEndpoints()) return null;
  if (path === "/metrics" && process.env["BS9_INJECT_METRICS_ON_PORT"] !== "1") return null;
  return answerTo(path, accept.includes("openmetrics"));
}

function answerTo(path: string, isOpenMetrics: boolean): OwnAnswer | null {
  if (path === "/healthz") return plain(200, "ok");
  if (path === "/readyz") return isReady() ? plain(200, "ready") : plain(503, "not ready");
  if (path === "/metrics") return { status: 200, type: isOpenMetrics ? openMetrics : plainMetrics, body: exposition(isOpenMetrics) };
  return null;
}

function plain(status: number, body: string): OwnAnswer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}
