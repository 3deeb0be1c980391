// Waits until a service is ready, or until it is clear why it is not: a crash ends the wait at once.
import type { Reading } from "../backend/backend.ts";
import { holdsSocket, listenersOn } from "../backend/sockets.ts";
import { interruptedBy, interruption } from "../base/interrupt.ts";
import { startedAtMs } from "../base/proc.ts";
import { formatSpan } from "../base/quantities.ts";
import { healthOf, probe, type RunCheck } from "../health/probe.ts";
import { pidsOf } from "../metrics/group.ts";
import { portOf, type Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";

export type NotReady = { ready: false; cause: string; afterMs: number; timedOut: boolean };
export type Readiness =
  | {
      ready: true;
      /** The health of the service that is ready; null if it has no health check and no port. */
      health: "healthy" | "unknown" | null;
      tookMs: number;
      /** From the start of the process, exact to a clock tick and a poll; null if the process is gone already. */
      readyAfterMs: number | null;
    }
  | NotReady;

/** A service with neither a health check nor a port counts as ready when it has run for this long. */
const aliveMs = 1000;
const longestProbeMs = 5000;
const shortestProbeMs = 200;
/** Most services are ready within a fraction of a second; for slower ones rarer polls are exact enough. */
const pollMs = (elapsedMs: number): number => (elapsedMs < 500 ? 5 : 40);

/**
 * `restartsBefore` is the restart count before the wait: those earlier restarts of a running service do not count as crashes.
 */
export async function ready(spec: Spec, deps: Deps, restartsBefore = 0): Promise<Readiness> {
  const began = performance.now();
  const alive = { pid: -1, since: 0 };
  let last = "";
  for (;;) {
    interruptedBy(deps.signal);
    const [reading] = await deps.backend.read([spec.name]);
    const elapsed = performance.now() - began;
    const crash = reading === undefined ? "the service no longer exists" : crashOf(reading, restartsBefore);
    if (crash !== null) return { ready: false, cause: crash, afterMs: elapsed, timedOut: false };
    if (reading?.state === "active") {
      // Without D-Bus the pid is unknown, so the state alone decides.
      const pid = reading.mainPid ?? 0;
      if (alive.pid !== pid) Object.assign(alive, { pid, since: performance.now() });
      const leftMs = Math.round(spec.waitMs - elapsed);
      // With almost no time left a probe would only report its own timeout, so the previous cause is kept.
      const awaited =
        leftMs < shortestProbeMs && last !== "" ? last : await isReady(spec, reading, performance.now() - alive.since, leftMs, deps);
      // Another process may answer the health check although the service itself has ended.
      if (awaited === null && (spec.health === null || (await isStill(pid, spec, deps)))) {
        const startedMs = startedAtMs(pid);
        const readyAfterMs = startedMs === null ? null : Math.max(0, Math.round(deps.now() - startedMs));
        return { ready: true, health: healthNow(spec), tookMs: performance.now() - began, readyAfterMs };
      }
      last = awaited ?? "";
    }
    if (elapsed > spec.waitMs)
      return { ready: false, cause: last || `it is still ${reading?.state}`, afterMs: spec.waitMs, timedOut: true };
    deps.progress(
      `waiting for ${spec.name}: ${last === "" ? reading?.state : stepOf(last)} (${Math.floor(elapsed / 1000)}/${spec.waitMs / 1000} s)`,
    );
    await Bun.sleep(pollMs(elapsed));
  }
}

/** Returns the cause as the progress line shows it: with "yet", because a service that is still starting has not failed. */
function stepOf(cause: string): string {
  return cause.startsWith("it does not listen") ? `${cause} yet` : cause;
}

function healthNow(spec: Spec): "healthy" | "unknown" | null {
  if (spec.health !== null) return "healthy";
  return portOf(spec) === null ? null : "unknown";
}

async function isStill(pid: number, { name }: Spec, { backend }: Deps): Promise<boolean> {
  const [reading] = await backend.read([name]);
  return reading?.state === "active" && (reading.mainPid ?? 0) === pid;
}

/** Checks once whether a service is ready. Returns null if it is, else a sentence on what it still has to do. */
async function isReady(spec: Spec, reading: Reading, aliveForMs: number, leftMs: number, deps: Deps): Promise<string | null> {
  if (spec.health !== null) {
    const timeoutMs = Math.max(shortestProbeMs, Math.min(longestProbeMs, leftMs));
    const run: RunCheck = (command) => deps.backend.runBeside(spec, command, timeoutMs);
    const failure = await Promise.race([probe(healthOf(spec.health, portOf(spec)), timeoutMs, run), interruption(deps.signal)]);
    return failure === null ? null : `health: ${failure}`;
  }
  const port = portOf(spec);
  if (port !== null) {
    const listeners = listenersOn(port);
    if (listeners.length > 0 && (reading.group === null || holdsSocket(pidsOf(reading.group), listeners))) return null;
    return `it does not listen on port ${port}`;
  }
  return aliveForMs >= aliveMs ? null : `it has not yet run for ${aliveMs / 1000} s`;
}

/** How the service ended; null while it has not ended. */
function crashOf(reading: Reading, restartsBefore: number): string | null {
  // After a restart the state no longer tells that the service ended, but the restart count does. With `--restart no`, or after
  // a clean exit with `on-failure`, a service that ended is simply inactive.
  const hasEnded = reading.state === "failed" || reading.state === "inactive" || (reading.restarts ?? 0) > restartsBefore;
  return hasEnded ? (reading.end ?? "it ended") : null;
}

/** Why the service is not ready. `end` is how it ended by the backend's own log, and is preferred unless the wait timed out. */
export function causeOf(readiness: NotReady, end: string | null): string {
  return `${readiness.timedOut || end === null ? readiness.cause : end} after ${formatSpan(readiness.afterMs)}`;
}
