// One HTTP probe: any 2xx or 3xx is healthy, as Kubernetes has it; neither body nor connection is kept.
import { errnoOf } from "../base/errors.ts";
import { type Answer, isRefused, refused } from "./own-port.ts";

export async function probeHttp(url: string, timeoutMs: number): Promise<Answer> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      // Whether a service is well does not hang on the shell that asks.
      proxy: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "user-agent": "bs9-health", connection: "close" },
    });
    // Not waited for: it may take as long as the other side likes.
    response.body?.cancel().catch(() => {});
    return response.status >= 200 && response.status < 400 ? null : `${url} answers ${response.status}`;
  } catch (error) {
    if (isRefused(error)) return refused;
    return `${url} does not answer (${whyOf(error, timeoutMs)})`;
  }
}

function whyOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `nothing in ${timeoutMs} ms`;
  const code = errnoOf(error) ?? "no connection";
  return code === "ECONNRESET" ? "the connection ends" : code;
}
