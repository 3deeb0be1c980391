// Waits until a service is ready, or knows why it is not: a crash is told at once, not after the full wait.
import type { Reading } from "../backend/backend.ts";
import { holdsSocket, listenersOn } from "../backend/sockets.ts";
import { interruptedBy } from "../base/interrupt.ts";
import { startedAtMs } from "../base/proc.ts";
import { formatSpan } from "../base/quantities.ts";
import { healthOf, probe } from "../health/probe.ts";
import { pidsOf } from "../metrics/cgroup.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";

export type NotReady = { ready: false; cause: string; afterMs: number; timedOut: boolean };
export type Readiness =
  | {
      ready: true;
      health: "healthy" | "unknown";
      tookMs: number;
      /** From the start of the process itself, exact to a clock tick and a poll; null where it is gone already. */
      readyAfterMs: number | null;
    }
  | NotReady;

/** Alive for so long counts as ready where there is neither a health check nor a port. */
const aliveMs = 1000;
const longestProbeMs = 5000;
/** Most apps are there in a fraction of a second; for those that are not, a slower look will do. */
const pollMs = (elapsedMs: number): number => (elapsedMs < 500 ? 5 : 40);

/** `restartsBefore` are no crash of now: those of a service that runs on. */
export async function ready(spec: Spec, deps: Deps, restartsBefore = 0): Promise<Readiness> {
  const began = performance.now();
  const alive = { pid: -1, since: 0 };
  let last = "";
  for (;;) {
    interruptedBy(deps.signal);
    const [reading] = await deps.backend.read([spec.name]);
    const elapsed = performance.now() - began;
    const crash = reading === undefined ? "it is gone" : crashOf(reading, restartsBefore);
    if (crash !== null) return { ready: false, cause: crash, afterMs: elapsed, timedOut: false };
    if (reading?.state === "active") {
      // Without a bus the pid is not told; the state has to do.
      const pid = reading.mainPid ?? 0;
      if (alive.pid !== pid) Object.assign(alive, { pid, since: performance.now() });
      const awaited = await isReady(spec, reading, performance.now() - alive.since, spec.waitMs - elapsed);
      if (awaited === null) {
        const startedMs = startedAtMs(pid);
        const readyAfterMs = startedMs === null ? null : Math.max(0, Math.round(deps.now() - startedMs));
        return { ready: true, health: spec.health === null ? "unknown" : "healthy", tookMs: performance.now() - began, readyAfterMs };
      }
      last = awaited;
    }
    if (elapsed > spec.waitMs)
      return { ready: false, cause: last || `it is still ${reading?.state}`, afterMs: spec.waitMs, timedOut: true };
    deps.progress(`waiting for ${spec.name}: ${last || reading?.state} (${Math.floor(elapsed / 1000)}/${spec.waitMs / 1000} s)`);
    await Bun.sleep(pollMs(elapsed));
  }
}

/** Null when it is ready, else what is waited for. */
async function isReady(spec: Spec, reading: Reading, aliveForMs: number, leftMs: number): Promise<string | null> {
  if (spec.health !== null) {
    const failure = await probe(healthOf(spec.health, spec.port), {
      timeoutMs: Math.max(1, Math.min(longestProbeMs, leftMs)),
      cwd: spec.cwd,
    });
    return failure === null ? null : `health: ${failure}`;
  }
  if (spec.port !== null) {
    const listeners = listenersOn(spec.port);
    const pids = reading.cgroup === null ? [] : pidsOf(reading.cgroup);
    if (listeners.length > 0 && (holdsSocket(pids, listeners) || reading.cgroup === null)) return null;
    return `it does not listen on port ${spec.port}`;
  }
  return aliveForMs >= aliveMs ? null : "it has just started";
}

/** Null while it has not ended. */
function crashOf(reading: Reading, restartsBefore: number): string | null {
  if (reading.state === "failed") return endOf(reading);
  // What a service that was started again ended with, its own state no longer tells.
  if ((reading.restarts ?? 0) > restartsBefore) return reading.exitStatus === null ? "it ended" : endOf(reading);
  // With `--restart no`, or a clean exit under `on-failure`, an ended service is simply inactive.
  return reading.state === "inactive" ? endOf(reading) : null;
}

/** Why it is not ready, with what the backend's own log says of its end where there is one. */
export function causeOf(readiness: NotReady, end: string | null): string {
  const status = /^exited with (\d+)$/.exec(end ?? "")?.[1];
  const cause = readiness.timedOut || end === null ? readiness.cause : (systemdStatuses[Number(status)] ?? end);
  return `${cause} after ${formatSpan(readiness.afterMs)}`;
}

/** How a service last ended, in words; exit statuses of systemd.exec(5) spelled out. */
export function endOf(reading: Reading): string {
  if (reading.result === "oom-kill") return "killed: out of memory";
  if (reading.result === "timeout") return "it did not start in time";
  if (reading.result === "start-limit-hit") return "given up: it was restarted as often as --max-restarts allows";
  const exit = reading.exitStatus;
  if (exit === null) return "it ended";
  if (exit.code !== "exited") return `killed by ${signalName(exit.status)}`;
  return systemdStatuses[exit.status] ?? `exited with ${exit.status}`;
}

const systemdStatuses: Record<number, string> = {
  200: "its working folder cannot be entered (exit 200)",
  203: "the program cannot be executed (exit 203)",
  217: "this host denies user namespaces (exit 217)",
  218: "this host denies a part of the sandbox (exit 218)",
  226: "the file system of its sandbox cannot be set up (exit 226)",
  228: "the system call filter cannot be set up (exit 228)",
};

const signals: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
  31: "SIGSYS",
};

function signalName(number: number): string {
  return signals[number] ?? `signal ${number}`;
}
