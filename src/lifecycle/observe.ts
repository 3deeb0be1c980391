// `status`: what is so of each service now, from the agent where it lives, else looked at here.
import type { Backend, Glimpse, Reading } from "../backend/backend.ts";
import { delayOf } from "../backend/backoff.ts";
import { isolationOff } from "../backend/isolation.ts";
import { heldBy, type Listener, listeners } from "../backend/sockets.ts";
import type { SandboxVerdict } from "../backend/verdict.ts";
import { Bs9Error, reasonOf } from "../base/errors.ts";
import { bootedAtMs, startedAtMs } from "../base/proc.ts";
import { cpuUsecOf, figuresOf, pidsOf } from "../metrics/group.ts";
import { msOf } from "../metrics/sample.ts";
import type { Outcome, Registry } from "../service/registry.ts";
import type { Spec } from "../service/spec.ts";
import { ofAll } from "./agent.ts";
import type { Deps } from "./deps.ts";
import { foreignSentence } from "./foreign.ts";
import { explain } from "./reason/explain.ts";
import { badFirst, type Figures, type Observed, statusOf } from "./status.ts";

/** With what `describe` shows beside. */
export type Looked = Observed & { spec: Spec; reading: Reading | Glimpse; verdict: SandboxVerdict };

/** Two readings of the CPU counter lie so far apart. */
const cpuWindowMs = 50;

export async function observe(names: string[], deps: Deps): Promise<Observed[]> {
  if (names.length === 0) return [];
  const told = ofAll(await deps.agent.observe(names), names);
  for (const warning of told?.warnings ?? []) deps.warn(warning);
  const observed = told === null ? await look(names, deps) : badFirst(told.observed);
  await explain(observed, deps);
  return observed;
}

/** Without the agent, and without the reasons why services are not well. */
export async function look(names: string[], deps: Deps): Promise<Looked[]> {
  if (names.length === 0) return [];
  const notices = deps.backend.logNotices(null, deps.signal);
  // What the specs say is read while the backend is at work.
  const read = readOrGlimpse(names, deps);
  const { specs: readable, broken } = deps.registry.readable(names);
  for (const { error } of broken) deps.warn(reasonOf(error));
  const known = new Map(readable.map((spec) => [spec.name, spec]));
  const found: { spec: Spec; reading: Reading | Glimpse }[] = [];
  for (const reading of await read) {
    const spec = known.get(reading.name);
    if (spec !== undefined) found.push({ spec, reading });
  }
  const verdicts = await Promise.all(found.map(({ spec, reading }) => verdictOf(spec, reading, deps)));
  const bootedMs = bootedAtMs();
  const shared = await notices;
  const foreign = deps.backend.strangers?.changes(deps.registry.names()) ?? [];
  const sockets = listeners();
  const observed = found.flatMap(({ spec, reading }, i): Looked[] => {
    const verdict = verdicts[i];
    if (verdict === undefined) return [];
    const outcome = outcomeOf(spec.name, deps);
    const changes = foreign.filter(({ name }) => name === spec.name);
    const seen = {
      spec,
      reading,
      verdict: verdict.verdict,
      isolation: verdict.isolation?.verdict ?? null,
      outcome,
      limits: deps.backend.limits(spec, reading),
      startedMs: reading.mainPid === null ? null : startedAtMs(reading.mainPid, bootedMs),
      ports: portsOf(reading, sockets),
      health: "unknown" as const,
      figures: { cpuPercent: null, cpuTimeMs: msOf(reading.cpu?.usec ?? null), ...figuresOf(reading.group) },
    };
    const notices = [...shared, ...changes.map(foreignSentence)];
    const status = statusOf(seen, { backend: deps.backend.kind, figuresFrom: "live", notices, nowMs: deps.now() });
    return [
      {
        status,
        spec,
        reading,
        verdict,
        outcome,
        foreign: changes,
        wanted: reading.wanted,
        end: reading.end,
        nextStartMs: nextStartMs(spec, reading),
        unwell: null,
      },
    ];
  });
  // Last, for it has to be a while after the first reading.
  const latest = Math.max(...found.map(({ reading }) => reading.cpu?.atMs ?? 0));
  await Bun.sleep(Math.max(0, cpuWindowMs - (performance.now() - latest)));
  for (const { reading, status } of observed) status.cpuPercent = cpuPercent(reading);
  return badFirst(observed);
}

/** Where the backend cannot be reached, that is told, and what can be seen without it has to do. */
async function readOrGlimpse(names: string[], { backend, warn }: Deps): Promise<(Reading | Glimpse)[]> {
  try {
    return await backend.read(names);
  } catch (error) {
    if (backend.glimpse === undefined || !(error instanceof Bs9Error && error.code === "no-backend")) throw error;
    warn(`${error.message}${error.hint === undefined ? "" : `. Try: ${error.hint}`}`);
    return backend.glimpse(names);
  }
}

/** When a service that waits for its next start is started, by the wall clock in ms since 1970. */
export function nextStartMs(spec: Spec, { waits }: Pick<Reading, "waits">): number | null {
  return waits === null ? null : waits.sinceMs + delayOf(waits.row, spec.restart.delayMs);
}

function outcomeOf(name: string, { registry, warn }: Deps): Outcome | null {
  try {
    return registry.outcome(name);
  } catch (error) {
    warn(reasonOf(error));
    return null;
  }
}

/** What can be told of it now, with its first reading for the other one; null for the CPU where that is too short ago. */
export function figuresSince(reading: Reading): Figures {
  const isLong = reading.cpu !== null && performance.now() - reading.cpu.atMs >= cpuWindowMs;
  const cpuTimeMs = msOf(cpuUsecOf(reading.group));
  return { cpuPercent: isLong ? cpuPercent(reading) : null, cpuTimeMs, ...figuresOf(reading.group) };
}

/** What the processes of a service listen on, the lowest port first; null where they cannot be told. */
function portsOf(reading: Reading | Glimpse, sockets: Listener[]): number[] | null {
  if (reading.group === null) return null;
  return heldBy(pidsOf(reading.group), sockets)
    .map(({ port }) => port)
    .sort((a, b) => a - b);
}

export async function verdictOf(
  spec: Spec,
  reading: Reading | Glimpse,
  { backend, registry }: { backend: Pick<Backend, "verify">; registry: Pick<Registry, "isPending"> },
): Promise<SandboxVerdict> {
  const isUp = reading.mainPid !== null && reading.state !== "unknown";
  if (spec.sandbox.profile === "off")
    return { verdict: "off", verified: [], probed: [], missing: [], ...(isUp ? { isolation: isolationOff(spec.name) } : {}) };
  // During a change the process may be of the new spec, and the spec is still the old one.
  if (!isUp || registry.isPending(spec.name)) return { verdict: "unknown", verified: [], probed: [], missing: [] };
  try {
    return await backend.verify(spec, reading);
  } catch (error) {
    // An app may have deleted its own entry: that is its trouble, and not that of the table.
    const missing = [{ directive: "verification", why: reasonOf(error), mend: `bs9 restart ${spec.name}` }];
    return { verdict: "unknown", verified: [], probed: [], missing };
  }
}

function cpuPercent({ group, cpu }: Pick<Reading, "group" | "cpu">): number | null {
  const usec = cpuUsecOf(group);
  if (cpu === null || cpu.usec === null || usec === null) return null;
  const percent = (usec - cpu.usec) / ((performance.now() - cpu.atMs) * 10);
  // A counter that went back belongs to another run.
  return percent < 0 ? null : Math.round(percent * 10) / 10;
}
