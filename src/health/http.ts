// Makes one HTTP probe: any 2xx or 3xx is healthy, as in Kubernetes; the body is not read and the connection is closed.
import { errnoOf } from "../base/errors.ts";
import { type AttemptResult, connectionRefused, isRefused } from "./own-port.ts";

export async function probeHttp(url: string, timeoutMs: number): Promise<AttemptResult> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      // The health of a service must not depend on the proxy variables of the shell.
      proxy: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "user-agent": "bs9-health", connection: "close" },
    });
    // bs9 does not wait until the body is cancelled, because the server may delay that without limit.
    response.body?.cancel().catch(() => {});
    return response.status >= 200 && response.status < 400 ? null : `${url} answers with status ${response.status}`;
  } catch (error) {
    if (isRefused(error)) return connectionRefused;
    return `${url} does not answer (${whyOf(error, timeoutMs)})`;
  }
}

function whyOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `timeout after ${timeoutMs} ms`;
  const code = errnoOf(error) ?? "no connection";
  return code === "ECONNRESET" ? "the connection was closed" : code;
}
