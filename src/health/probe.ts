// Makes one health probe: HTTP, TCP or a command; returns null for healthy, otherwise a short reason.
import { reasonOf } from "../base/errors.ts";
import { type HealthCheck, isInjected, portOf, type Spec } from "../service/spec.ts";
import type { HeldAmong } from "./addresses.ts";
import { probeHttp } from "./http.ts";
import { connectionRefused, onOwnPort } from "./own-port.ts";
import { probeTcp } from "./tcp.ts";

export type Probe =
  | { kind: "path"; port: number; path: string }
  | { kind: "http"; url: string }
  | { kind: "tcp"; port: number }
  | { kind: "command"; command: string };

/** A path is requested on the service's own port; a spec without a port should not exist, and gives a probe that fails. */
export function healthOf(health: HealthCheck, port: number | null): Probe {
  switch (health.kind) {
    case "path":
      return { kind: "path", port: port ?? 0, path: health.path };
    case "url":
      return { kind: "http", url: health.url };
    case "tcp":
      return { kind: "tcp", port: health.port };
    case "cmd":
      return { kind: "command", command: health.command };
  }
}

/**
 * The probe of a running service: its health check, else a connection to its port, else to the only TCP port that it listens
 * on. With the preload, whose answer decides, any of its ports will do. Null where there is nothing to probe. `listens` are the
 * ports that it listens on, lowest first; null where they are unknown.
 */
export function probeOf(spec: Spec, listens: readonly number[] | null): Probe | null {
  const port = portOf(spec);
  if (spec.health !== null) return healthOf(spec.health, port);
  const probed = port ?? (isInjected(spec) ? (listens?.[0] ?? null) : onlyOne(listens));
  return probed === null ? null : { kind: "tcp", port: probed };
}

/** With several ports it is unknown which one belongs to the service. A port may occur twice, for IPv4 and IPv6. */
function onlyOne(ports: readonly number[] | null): number | null {
  const [port, ...others] = new Set(ports);
  return port !== undefined && others.length === 0 ? port : null;
}

/** Runs a command under the conditions of the service. */
export type RunCheck = (command: string, timeoutMs: number) => Promise<{ exitCode: number; timedOut: boolean }>;

/**
 * Asks the preload of a service whether the processes that listen are alive. Null if they are, and where no preload answers;
 * else a sentence.
 */
export type AskAlive = (timeoutMs: number) => Promise<string | null>;

type Around = { heldAmong?: HeldAmong | undefined; askAlive?: AskAlive | undefined };

/**
 * Never throws. Without `heldAmong` any listener on the port counts as the service. The kernel accepts connections for a process
 * that does nothing any more, so `askAlive` follows where a connection is all that is probed.
 */
export async function probe(what: Probe, timeoutMs: number, run: RunCheck, around: Around = {}): Promise<string | null> {
  const { heldAmong = () => null, askAlive } = around;
  try {
    switch (what.kind) {
      case "path":
        return await onOwnPort(what.port, timeoutMs, heldAmong, (host, leftMs) =>
          probeHttp(`http://${host}:${what.port}${what.path}`, leftMs),
        );
      case "http": {
        const answer = await probeHttp(what.url, timeoutMs);
        return answer === connectionRefused ? `${what.url} does not answer (no connection)` : answer;
      }
      case "tcp": {
        const endMs = performance.now() + timeoutMs;
        const answer = await onOwnPort(what.port, timeoutMs, heldAmong, (host, leftMs) => probeTcp(host, what.port, leftMs));
        return answer ?? (await askAlive?.(Math.max(1, endMs - performance.now()))) ?? null;
      }
      case "command":
        return await probeCommand(what.command, timeoutMs, run);
    }
  } catch (error) {
    return reasonOf(error);
  }
}

async function probeCommand(command: string, timeoutMs: number, run: RunCheck): Promise<string | null> {
  const result = await run(command, timeoutMs);
  if (result.timedOut) return `the command did not end within ${timeoutMs} ms`;
  return result.exitCode === 0 ? null : `the command exited with ${result.exitCode}`;
}
