// The acts on defined services: start, stop, restart and delete.
import { Bs9Error, failed } from "../base/errors.ts";
import { pinRuntime, runtimeVersion } from "../runtime/pin.ts";
import type { Spec } from "../service/spec.ts";
import { noSuchService } from "../service/targets.ts";
import { type Acted, actResultOf, done, failure } from "./acted.ts";
import { change } from "./change.ts";
import type { Deps } from "./deps.ts";
import { changesInject, keepPreload, lacksPreload, sentenceOnInject, sentenceOnKept, withPresentPreload } from "./injected.ts";
import { type AuditFinding, inspect } from "./inspect.ts";
import { keepAgent } from "./keep-agent.ts";
import { lastWords } from "./last-lines.ts";
import { lingerOrWarn } from "./linger.ts";
import { checkPort } from "./ports.ts";
import { causeOf, ready } from "./ready.ts";
import { hintFor, toldBy } from "./reason/explain.ts";
import { recorded } from "./recorded.ts";
import { recover } from "./recover.ts";
import { checkSandbox, foresee } from "./required.ts";
import { reread, sentencesOn } from "./reread.ts";
import { sweepUnused } from "./unused.ts";

export async function startDefined(names: string[], deps: Deps, options: { linger: boolean }): Promise<Acted[]> {
  return acting("start", names, deps, async (specs) => {
    const running = await runningAmong(specs, deps);
    const renewed = await renew(specs, deps, "missing");
    const down = renewed.filter(({ known }) => !running.has(known.name));
    const up = renewed.filter(({ known }) => running.has(known.name));
    const unchanged = up.filter(({ spec, known }) => spec === known);
    const acted = await restoreUnits(
      unchanged.map(({ spec }) => spec),
      deps,
    );
    acted.push(...(await bringUp(down, deps, "started", (batch) => deps.backend.start(batch))));
    // These services are changed one by one: a service that does not come up with the new values runs again with the old
    // values.
    for (const { spec, known } of up) if (spec !== known) acted.push(await applyChange(spec, known, "changed", deps));
    if (options.linger && down.length > 0) await lingerOrWarn(deps);
    return acted;
  });
}

export async function restartDefined(names: string[], deps: Deps, options: { latestRuntime: boolean }): Promise<Acted[]> {
  return acting("restart", names, deps, async (specs) => {
    const renewed = await renew(specs, deps, "present");
    if (!options.latestRuntime) {
      const changed = renewed.filter(({ known, spec }) => changesInject(known, spec));
      const running = changed.length === 0 ? new Set() : await runningAmong(specs, deps);
      const up = changed.filter(({ known }) => running.has(known.name));
      const others = renewed.filter((each) => !up.includes(each));
      const acted = await bringUp(others, deps, "restarted", (batch) => deps.backend.restart(batch));
      // Services that run are changed one by one: a service that does not come up with another preload runs again as before.
      for (const { spec, known } of up) acted.push(await applyChange(spec, known, "restarted", deps));
      if (changed.length > 0) sweepUnused(deps);
      return acted;
    }
    const acted: Acted[] = [];
    // These services are changed one by one: a service that does not come up on the new runtime runs again on the old runtime.
    for (const each of renewed) acted.push(await moveToLatest(each, deps));
    sweepUnused(deps);
    return acted;
  });
}

/** The names of the services that run, or that the backend will start again after their last end. */
async function runningAmong(specs: Spec[], { backend }: Deps): Promise<ReadonlySet<string>> {
  const readings = await backend.read(specs.map(({ name }) => name));
  return new Set(readings.filter(({ state }) => state === "active" || state === "activating").map(({ name }) => name));
}

/** Writes units again that were removed by hand while their services run, without a restart. */
async function restoreUnits(running: Spec[], deps: Deps): Promise<Acted[]> {
  const changes = deps.backend.strangers?.changes(running.map(({ name }) => name)) ?? [];
  const missing = running.filter(({ name }) => changes.some((change) => change.name === name && change.kind === "missing"));
  const troubles = missing.length === 0 ? new Map() : await deps.backend.define(missing);
  const restored = missing.filter(({ name }) => !troubles.has(name));
  if (restored.length > 0) {
    await deps.backend.want(
      restored.map(({ name }) => name),
      true,
    );
  }
  return running.map((spec) => {
    if (!missing.includes(spec)) return done(spec, "unchanged");
    return troubles.has(spec.name) ? failure(spec.name, troubles.get(spec.name)) : done(spec, "changed");
  });
}

/**
 * `spec` is `known` with its environment files read again and with its preload renewed, and the same object if nothing has
 * changed.
 */
type Renewed = { known: Spec; spec: Spec };

/** `preload`: bring it to that of this bs9, or write it only where its file is missing. */
async function renew(specs: Spec[], deps: Deps, preload: "present" | "missing"): Promise<Renewed[]> {
  const renewed: Renewed[] = [];
  for (const known of specs) {
    const read = await reread(known);
    for (const sentence of sentencesOn(known.name, read)) deps.warn(sentence);
    const filled = read.changed.length > 0 ? read.spec : known;
    const spec = preload === "present" || lacksPreload(known, deps.share) ? await withPresentPreload(filled, deps) : filled;
    renewed.push({ known, spec });
  }
  return renewed;
}

/** Stops services, and keeps them from starting at the next boot. */
export async function stopDefined(names: string[], deps: Deps): Promise<Acted[]> {
  return acting("stop", names, deps, async (specs) => {
    await deps.backend.want(
      specs.map(({ name }) => name),
      false,
    );
    await deps.backend.stop(specs);
    for (const { name } of specs) deps.registry.setOutcome(name, null);
    return specs.map((spec) => done(spec, "stopped"));
  });
}

export async function deleteDefined(names: string[], deps: Deps): Promise<Acted[]> {
  return acting("delete", names, deps, async (specs) => {
    await deps.backend.want(
      specs.map(({ name }) => name),
      false,
    );
    await deps.backend.stop(specs);
    await deps.backend.undefine(specs.map(({ name }) => name));
    for (const { name } of specs) deps.registry.remove(name);
    sweepUnused(deps);
    return specs.map((spec) => done(spec, "deleted"));
  });
}

async function acting(verb: string, names: string[], deps: Deps, work: (specs: Spec[]) => Promise<Acted[]>): Promise<Acted[]> {
  if (names.length === 0) return [];
  const entry = { act: verb, targets: names, differences: [] };
  return recorded(deps, entry, async () => {
    const acted = await actOn(names, deps, work);
    return { value: acted, result: actResultOf(acted) };
  });
}

async function actOn(names: string[], deps: Deps, work: (specs: Spec[]) => Promise<Acted[]>): Promise<Acted[]> {
  await recover(deps);
  const { specs, broken } = deps.registry.readable(names);
  // Another command may have deleted the service while this command waited for the lock.
  const gone = names.find((name) => ![...specs, ...broken].some((one) => one.name === name));
  if (gone !== undefined) throw noSuchService(gone, deps.registry.names());
  const unreadable = broken.map(({ name, error }) => failure(name, error));
  const acted = [...(specs.length === 0 ? [] : await work(specs)), ...unreadable];
  await keepAgent(deps);
  return names.flatMap((name) => acted.filter((one) => one.name === name));
}

/** Starts all services in one call, then waits until each is ready or has failed, and returns why each failed. */
async function bringUp(
  renewed: Renewed[],
  deps: Deps,
  result: "started" | "restarted",
  act: (batch: Spec[]) => Promise<void>,
): Promise<Acted[]> {
  if (renewed.length === 0) return [];
  const specs = renewed.map(({ spec }) => spec);
  const beganMs = deps.now();
  const troubles = new Map<string, unknown>();
  const found = new Map<string, AuditFinding[]>();
  const readings = await deps.backend.read(specs.map(({ name }) => name));
  for (const [i, spec] of specs.entries()) {
    try {
      keepPreload(spec, deps.share);
      found.set(spec.name, await inspect(spec));
      await checkPort(spec, readings[i]?.group ?? null, deps);
      await foresee(deps, spec);
    } catch (error) {
      troubles.set(spec.name, error);
    }
  }
  for (const [name, trouble] of await deps.backend.define(specs.filter(({ name }) => !troubles.has(name)))) troubles.set(name, trouble);
  const batch = specs.filter(({ name }) => !troubles.has(name));
  // The new specs are stored only now, after the units with the new values are written, so that a refused start changes
  // nothing.
  for (const { known, spec } of renewed) if (spec !== known && batch.includes(spec)) deps.registry.commit(spec);
  for (const { name } of batch) deps.registry.setOutcome(name, null);
  if (batch.length > 0) {
    await deps.backend.want(
      batch.map(({ name }) => name),
      true,
    );
    await act(batch);
  }
  const acted = await Promise.all(specs.map((spec) => judge(spec, deps, result, beganMs, troubles.get(spec.name) ?? null)));
  for (const { known, spec } of renewed) if (batch.includes(spec)) tellInject(known, spec, deps);
  return acted.map((one) => ({ ...one, findings: found.get(one.name) ?? [] }));
}

async function judge(spec: Spec, deps: Deps, result: "started" | "restarted", beganMs: number, trouble: unknown): Promise<Acted> {
  if (trouble !== null) return failure(spec.name, trouble);
  if (spec.waitMs === 0) return done(spec, result);
  try {
    const readiness = await ready(spec, deps);
    if (readiness.ready) {
      await checkSandbox(deps, spec);
      return { ...done(spec, result), readiness };
    }
    const { lines, end } = await lastWords(deps, spec.name, beganMs);
    const told = toldBy(await hintFor(spec, lines, deps), spec.name);
    return { ...done(spec, "failed"), readiness, cause: causeOf(readiness, end), lines: [...lines, ...told.details], hint: told.hint };
  } catch (error) {
    if (error instanceof Bs9Error && error.code === "refused") await deps.backend.stop([spec]);
    return failure(spec.name, error);
  }
}

async function moveToLatest({ known, spec }: Renewed, deps: Deps): Promise<Acted> {
  if (spec.runtime.kind !== "bs9") {
    const on = spec.runtime.kind === "none" ? "no runtime" : spec.runtime.kind;
    return failure(spec.name, failed(`the service runs on ${on}, not on the runtime of bs9`, { hint: `bs9 restart ${spec.name}` }));
  }
  pinRuntime(deps.share);
  return applyChange({ ...spec, runtime: { kind: "bs9", version: runtimeVersion } }, known, "restarted", deps);
}

/** Brings a service up with another spec; if that fails, the service runs again with its previous spec. */
async function applyChange(spec: Spec, known: Spec, result: "changed" | "restarted", deps: Deps): Promise<Acted> {
  let hasBegun = false;
  try {
    const findings = await inspect(spec);
    const [reading] = await deps.backend.read([spec.name]);
    await checkPort(spec, reading?.group ?? null, deps);
    await foresee(deps, spec);
    keepPreload(spec, deps.share);
    hasBegun = true;
    const { readiness } = await change(deps, spec, known, reading);
    tellInject(known, spec, deps);
    return { ...done(spec, result), readiness, findings };
  } catch (error) {
    const { lines, ...failed } = failure(spec.name, error);
    return { ...failed, lines: hasBegun && changesInject(known, spec) ? [...lines, sentenceOnKept(known)] : lines };
  }
}

function tellInject(known: Spec, spec: Spec, { warn }: Deps): void {
  const sentence = sentenceOnInject(known, spec);
  if (sentence !== null) warn(sentence);
}
