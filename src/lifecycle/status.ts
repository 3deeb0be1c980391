// `status`: what is so of each service now, as one object each; a figure that cannot be had is null.
import type { Backend, Foreign, Reading, State } from "../backend/backend.ts";
import { heldBy, type Listener, listeners } from "../backend/sockets.ts";
import type { Limits, SandboxVerdict } from "../backend/verdict.ts";
import { reasonOf } from "../base/errors.ts";
import { bootedAtMs, startedAtMs } from "../base/proc.ts";
import { cpuUsecOf, figuresOf, pidsOf } from "../metrics/group.ts";
import type { Outcome } from "../service/registry.ts";
import type { Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";
import { foreignSentence } from "./foreign.ts";

export type Status = {
  name: string;
  state: State;
  ready: boolean;
  health: "healthy" | "unhealthy" | "unknown";
  pid: number | null;
  instances: { want: number; ready: number };
  restarts: number | null;
  uptimeMs: number | null;
  cpuPercent: number | null;
  memoryBytes: number | null;
  memorySource: "cgroup" | "processes" | null;
  tasks: number | null;
  limits: Limits;
  port: number | null;
  requests: { perSecond: number; errorPercent: number; p50Ms: number; p95Ms: number } | null;
  sandbox: SandboxVerdict["verdict"];
  backend: Backend["kind"];
  unit: string;
  figuresFrom: "agent" | "live";
  notices: string[];
};

/** What `status` knows of a service beside what scripts get: for hints and for `describe`. */
export type Observed = {
  spec: Spec;
  reading: Reading;
  verdict: SandboxVerdict;
  outcome: Outcome | null;
  foreign: Foreign[];
  status: Status;
};

/** Two readings of the CPU counter lie so far apart. */
const cpuWindowMs = 50;

const order: Record<State, number> = { failed: 0, activating: 2, deactivating: 3, active: 4, inactive: 5 };

/** Bad ones first: failed, unhealthy, activating, deactivating, active, inactive; then by name. */
export async function observe(names: string[], deps: Deps): Promise<Observed[]> {
  if (names.length === 0) return [];
  const notices = deps.backend.logNotices(null, deps.signal);
  // What the specs say is read while the backend is at work.
  const read = deps.backend.read(names);
  const { specs: readable, broken } = deps.registry.readable(names);
  for (const { error } of broken) deps.warn(reasonOf(error));
  const known = new Map(readable.map((spec) => [spec.name, spec]));
  const specs: Spec[] = [];
  const readings: Reading[] = [];
  for (const reading of await read) {
    const spec = known.get(reading.name);
    if (spec === undefined) continue;
    specs.push(spec);
    readings.push(reading);
  }
  const verdicts = await Promise.all(specs.map(async (spec, i) => verdictOf(spec, readings[i], deps)));
  const bootedMs = bootedAtMs();
  const shared = await notices;
  const foreign = deps.backend.strangers?.changes(deps.registry.names()) ?? [];
  const sockets = listeners();
  const observed = specs.flatMap((spec, i): Observed[] => {
    const reading = readings[i];
    const verdict = verdicts[i];
    if (reading === undefined || verdict === undefined) return [];
    const outcome = deps.registry.outcome(spec.name);
    const changes = foreign.filter(({ name }) => name === spec.name);
    const around = { notices: [...shared, ...changes.map(foreignSentence)], ports: portsOf(reading, sockets) };
    return [
      { spec, reading, verdict, outcome, foreign: changes, status: statusOf(spec, reading, verdict, outcome, bootedMs, around, deps) },
    ];
  });
  // Last, for it has to be a while after the first reading.
  const latest = Math.max(...readings.map(({ cpu }) => cpu?.atMs ?? 0));
  await Bun.sleep(Math.max(0, cpuWindowMs - (performance.now() - latest)));
  for (const { reading, status } of observed) status.cpuPercent = cpuPercent(reading);
  return observed.sort((a, b) => rank(a.status) - rank(b.status) || (a.status.name < b.status.name ? -1 : 1));
}

function statusOf(
  spec: Spec,
  reading: Reading,
  verdict: SandboxVerdict,
  outcome: Outcome | null,
  bootedMs: number | null,
  { notices, ports }: { notices: string[]; ports: number[] | null },
  deps: Deps,
): Status {
  // What was stopped because it did not come up is failed, whatever the backend made of the stopping.
  const state = reading.state === "inactive" && outcome !== null ? "failed" : reading.state;
  const startedMs = reading.mainPid === null ? null : startedAtMs(reading.mainPid, bootedMs);
  const figures = figuresOf(reading.group);
  const isUp = state === "active";
  const isReady = isUp && (spec.port === null || ports === null || ports.includes(spec.port));
  return {
    name: spec.name,
    state,
    ready: isReady,
    health: "unknown",
    pid: reading.mainPid,
    instances: { want: reading.wanted || isUp ? 1 : 0, ready: isReady ? 1 : 0 },
    restarts: reading.restarts,
    uptimeMs: startedMs === null ? null : Math.max(0, Math.round(deps.now() - startedMs)),
    cpuPercent: null,
    memoryBytes: figures.memoryBytes,
    memorySource: figures.memorySource,
    tasks: figures.tasks,
    limits: deps.backend.limits(spec, reading),
    // Where none was given, what it was seen to listen on.
    port: spec.port ?? ports?.[0] ?? null,
    requests: null,
    sandbox: verdict.verdict,
    backend: deps.backend.kind,
    unit: reading.unit,
    figuresFrom: "live",
    notices,
  };
}

/** What the processes of a service listen on, the lowest port first; null where they cannot be told: its state has to do. */
function portsOf(reading: Reading, sockets: Listener[]): number[] | null {
  if (reading.group === null) return null;
  return heldBy(pidsOf(reading.group), sockets)
    .map(({ port }) => port)
    .sort((a, b) => a - b);
}

async function verdictOf(spec: Spec, reading: Reading | undefined, deps: Deps): Promise<SandboxVerdict> {
  if (spec.sandbox.profile === "off") return { verdict: "off", verified: [], probed: [], missing: [] };
  if (reading === undefined || reading.mainPid === null) return { verdict: "unknown", verified: [], probed: [], missing: [] };
  try {
    return await deps.backend.verify(spec, reading);
  } catch (error) {
    // An app may have deleted its own entry: that is its trouble, and not that of the table.
    const missing = [{ directive: "verification", why: reasonOf(error), mend: `bs9 restart ${spec.name}` }];
    return { verdict: "unknown", verified: [], probed: [], missing };
  }
}

function cpuPercent({ group, cpu }: Reading): number | null {
  const usec = cpuUsecOf(group);
  if (cpu === null || cpu.usec === null || usec === null) return null;
  const percent = (usec - cpu.usec) / ((performance.now() - cpu.atMs) * 10);
  // A counter that went back belongs to another run.
  return percent < 0 ? null : Math.round(percent * 10) / 10;
}

function rank(status: Status): number {
  return status.state === "active" && status.health === "unhealthy" ? 1 : order[status.state];
}
