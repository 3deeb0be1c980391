// What bs9 and others ask of a process.
import { exposition } from "./exposition.ts";
import { isReady } from "./ready.ts";

type OwnAnswer = { status: number; type: string; body: string };

export function answerTo(path: string): OwnAnswer {
  if (path === "/metrics") return { status: 200, type: "application/openmetrics-text; version=1.0.0; charset=utf-8", body: exposition() };
  if (path === "/healthz") return plain(200, "ok");
  if (path === "/readyz") return isReady() ? plain(200, "ready") : plain(503, "not ready");
  return plain(404, "not found");
}

function plain(status: number, body: string): OwnAnswer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}
