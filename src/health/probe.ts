// One health probe: HTTP, TCP or a command; null is healthy, else the reason in a few words.
import { reasonOf } from "../base/errors.ts";
import { exec } from "../base/exec.ts";
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

/** Any 2xx or 3xx is healthy, as Kubernetes has it. Never throws. */
export async function probe(what: Probe, limits: { timeoutMs: number; cwd: string }): Promise<string | null> {
  try {
    switch (what.kind) {
      case "http":
        return await probeHttp(what.url, limits.timeoutMs);
      case "tcp":
        return await probeTcp(what.port, limits.timeoutMs);
      case "command":
        return await probeCommand(what.command, limits);
    }
  } catch (error) {
    return reasonOf(error);
  }
}

async function probeHttp(url: string, timeoutMs: number): Promise<string | null> {
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

async function probeCommand(command: string, limits: { timeoutMs: number; cwd: string }): Promise<string | null> {
  const result = await exec(["/bin/sh", "-c", command], { ...limits, maxBytes: 64 * 1024 });
  if (result.timedOut) return `the command has not ended in ${limits.timeoutMs} ms`;
  return result.exitCode === 0 ? null : `the command exits with ${result.exitCode}`;
}
