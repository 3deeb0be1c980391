// One health probe: HTTP, TCP or a command; null is healthy, else the reason in a few words.
import { reasonOf } from "../base/errors.ts";
import type { Health } from "../service/spec.ts";

export type Probe = { kind: "http"; url: string } | { kind: "tcp"; port: number } | { kind: "command"; command: string };

/** A path is asked on the service's own port, on the loopback address. */
export function healthOf(health: Health, port: number | null): Probe {
  switch (health.kind) {
    case "path":
      return { kind: "http", url: `http://127.0.0.1:${port}${health.path}` };
    case "url":
      return { kind: "http", url: health.url };
    case "tcp":
      return { kind: "tcp", port: health.port };
    case "cmd":
      return { kind: "command", command: health.command };
  }
}

/** Runs a command where the service runs. */
export type Run = (command: string, timeoutMs: number) => Promise<{ exitCode: number; timedOut: boolean }>;

/** Any 2xx or 3xx is healthy, as Kubernetes has it. Never throws. */
export async function probe(what: Probe, timeoutMs: number, run: Run): Promise<string | null> {
  try {
    switch (what.kind) {
      case "http":
        return await probeHttp(what.url, timeoutMs);
      case "tcp":
        return await probeTcp(what.port, timeoutMs);
      case "command":
        return await probeCommand(what.command, timeoutMs, run);
    }
  } catch (error) {
    return reasonOf(error);
  }
}

/** Whether a service is well does not hang on the shell that asks. fetch() reads these at each call, and has no option against it. */
function forgetProxies(): void {
  for (const name of ["http_proxy", "https_proxy", "all_proxy"]) for (const one of [name, name.toUpperCase()]) delete process.env[one];
}

async function probeHttp(url: string, timeoutMs: number): Promise<string | null> {
  forgetProxies();
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "user-agent": "bs9-health", connection: "close" },
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400 ? null : `${url} answers ${response.status}`;
  } catch (error) {
    return `${url} does not answer (${error instanceof DOMException && error.name === "TimeoutError" ? `nothing in ${timeoutMs} ms` : "no connection"})`;
  }
}

async function probeTcp(port: number, timeoutMs: number): Promise<string | null> {
  const refused = `port ${port} takes no connection`;
  return new Promise((done) => {
    const timer = setTimeout(() => done(refused), timeoutMs);
    const settle = (result: string | null) => {
      clearTimeout(timer);
      done(result);
    };
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(socket) {
          settle(null);
          socket.end();
        },
        connectError: () => settle(refused),
        error: () => settle(refused),
        data: () => {},
      },
    }).catch(() => settle(refused));
  });
}

async function probeCommand(command: string, timeoutMs: number, run: Run): Promise<string | null> {
  const result = await run(command, timeoutMs);
  if (result.timedOut) return `the command has not ended in ${timeoutMs} ms`;
  return result.exitCode === 0 ? null : `the command exits with ${result.exitCode}`;
}
