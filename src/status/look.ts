// Reads the services once, for when no agent answers: asks the backend and verifies the live processes.
import type { Backend, Foreign, Glimpse, Reading } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import { heldBy, type Listener, listeners } from "../backend/sockets.ts";
import type { SandboxVerdict } from "../backend/verdict.ts";
import { Bs9Error, reasonOf } from "../base/errors.ts";
import { bootedAtMs, startedAtMs } from "../base/proc.ts";
import { pidsOf } from "../metrics/group.ts";
import type { Outcome, Registry } from "../service/registry.ts";
import type { Spec } from "../service/spec.ts";
import { addedNotices, foreignNotice } from "./foreign.ts";
import { cpuPercent, cpuWindow, figuresAtFirst } from "./live-figures.ts";
import type { Observed, Snapshot } from "./schema.ts";
import { badFirst, nextStartMs, statusOf } from "./status.ts";
import { sandboxVerdictOf } from "./verified.ts";

export type LookDeps = {
  backend: Backend;
  registry: Pick<Registry, "names" | "readable" | "outcome" | "isPending">;
  now: () => number;
  /** Ends the wait for notices, for example after Ctrl-C. */
  signal: AbortSignal;
};

export type SeenService = { spec: Spec; reading: Reading | Glimpse; verdict: SandboxVerdict; outcome: Outcome | null };

export async function look(names: string[], deps: LookDeps): Promise<Snapshot> {
  const { backend, registry, now, signal } = deps;
  const looking = names.length === 0 ? [] : backend.logNotices(null, signal);
  const { seen, warnings } = await seeServices(names, deps);
  const notices = await looking;
  const foreign = backend.strangers?.changes(registry.names()) ?? [];
  const around = { backend, notices, foreign, sockets: listeners(), bootedMs: bootedAtMs(), nowMs: now() };
  const services = seen.map((one) => observedOf(one, around));
  // The second reading of the CPU counters comes last, because some time has to pass between the two readings.
  if (seen.length > 0) await cpuWindow(seen.map(({ reading }) => reading));
  for (const [i, { reading }] of seen.entries()) {
    const status = services[i]?.status;
    if (status !== undefined) status.cpuPercent = cpuPercent(reading);
  }
  const added = addedNotices(foreign);
  return { atMs: now(), services: badFirst(services), added, notices, warnings, alerts: null, host: null };
}

/** What the backend and the live processes show, without figures; in the order of `names`. */
export async function seeServices(
  names: string[],
  { backend, registry }: Pick<LookDeps, "backend" | "registry">,
): Promise<{ seen: SeenService[]; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  // The specs are read while the backend works.
  const read = readOrGlimpse(names, backend, warn);
  const { specs, broken } = registry.readable(names);
  for (const { error } of broken) warn(reasonOf(error));
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const found = (await read).flatMap((reading) => {
    const spec = known.get(reading.name);
    return spec === undefined ? [] : [{ spec, reading }];
  });
  const seen = await Promise.all(
    found.map(async ({ spec, reading }) => {
      const verdict = await sandboxVerdictOf(spec, reading, { backend, registry });
      return { spec, reading, verdict, outcome: outcomeOf(spec.name, registry, warn) };
    }),
  );
  return { seen, warnings };
}

function observedOf(
  { spec, reading, verdict, outcome }: SeenService,
  around: { backend: Backend; notices: Notice[]; foreign: Foreign[]; sockets: Listener[]; bootedMs: number | null; nowMs: number },
): Observed {
  const { backend, sockets, bootedMs, nowMs } = around;
  const parts = {
    spec,
    reading,
    verdict: verdict.verdict,
    isolation: verdict.isolation?.verdict ?? null,
    outcome,
    limits: backend.limits(spec, reading),
    startedMs: reading.mainPid === null ? null : startedAtMs(reading.mainPid, bootedMs),
    ports: portsOf(reading, sockets),
    health: "unknown" as const,
    figures: figuresAtFirst(reading),
  };
  const foreign = around.foreign.filter(({ name }) => name === spec.name);
  const notices = [...around.notices, ...foreign.map(foreignNotice)];
  const status = statusOf(parts, { backend: backend.kind, figuresFrom: "live", notices, nowMs });
  const { wanted, end } = reading;
  return { status, wanted, end, nextStartMs: nextStartMs(spec, reading), outcome, unwell: null, served: null };
}

/** Reads the services. If the backend cannot be reached, adds a warning and returns what can be read without it. */
async function readOrGlimpse(names: string[], backend: Backend, warn: (text: string) => void): Promise<(Reading | Glimpse)[]> {
  try {
    return await backend.read(names);
  } catch (error) {
    // If the backend cannot be reached and no names were given, the error is thrown, because an empty result would look as if
    // there were no services.
    if (names.length === 0 || backend.glimpse === undefined || !(error instanceof Bs9Error && error.code === "no-backend")) throw error;
    warn(`${error.message}${error.hint === undefined ? "" : `. Try: ${error.hint}`}`);
    return backend.glimpse(names);
  }
}

function outcomeOf(name: string, registry: Pick<Registry, "outcome">, warn: (text: string) => void): Outcome | null {
  try {
    return registry.outcome(name);
  } catch (error) {
    warn(reasonOf(error));
    return null;
  }
}

/** The ports on which the processes of a service listen, lowest first; null where the processes are unknown. */
function portsOf(reading: Reading | Glimpse, sockets: Listener[]): number[] | null {
  if (reading.group === null) return null;
  return heldBy(pidsOf(reading.group), sockets)
    .map(({ port }) => port)
    .sort((a, b) => a - b);
}
