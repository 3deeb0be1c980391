// Checks the services: units changed by hand, entries that are missing, directories that are temporary.
import { join } from "node:path";
import type { Foreign } from "../../backend/backend.ts";
import { type Finding, plainFix, type Way } from "../../backend/finding.ts";
import { exitStatus, failed, reasonOf } from "../../base/errors.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import type { Spec } from "../../service/spec.ts";
import { foreignSentence } from "../../status/foreign.ts";
import type { Deps } from "../deps.ts";
import { recorded } from "../recorded.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export async function serviceFindings(input: DoctorInput): Promise<Finding[]> {
  const { deps, specs, registry, paths } = input;
  const unreadable = registry.names().filter((name) => !specs.some((spec) => spec.name === name));
  const broken = unreadable.map((name) => findings.spec({ name, file: join(paths.config, "services", `${name}.json`) }));
  if (deps === null) return [...broken, ...specs.flatMap(fleeting)];
  const foreign = deps.backend.strangers?.changes(registry.names()) ?? [];
  const changed = foreign.flatMap((one) => foreignFinding(one, specs.find(({ name }) => name === one.name) ?? null, deps, paths.state));
  const untouched = specs.filter(({ name }) => !foreign.some((one) => one.name === name && one.kind !== "drop-ins"));
  const stale = await Promise.all(untouched.map((spec) => staleness(spec, deps)));
  return [...broken, ...changed, ...stale.flat(), ...specs.flatMap(fleeting)];
}

function foreignFinding(foreign: Foreign, spec: Spec | null, deps: Deps, state: string): Finding[] {
  const { name, kind, files } = foreign;
  const what = foreignSentence(foreign);
  const act = (word: string, run: () => Promise<string>): Way => ({
    word,
    run: () =>
      recorded(deps, { act: `doctor: ${word}`, targets: [name], differences: [] }, async () => {
        const message = await run();
        return { value: message, result: { message, failed: [], exitStatus: exitStatus.done } };
      }),
  });
  const about = { name, what };
  switch (kind) {
    case "drop-ins":
      return [findings.unitDropIns(about)];
    case "older":
      return [findings.unitOlder(about)];
    case "added": {
      const question = `Stop ${name}.service and remove its unit?`;
      return [findings.unitOrphaned({ ...about, file: files[0] }, { question, ways: [act("remove it", () => discard(name, deps))] })];
    }
    case "missing":
      if (spec === null) return [];
      return [findings.unitMissing(about, { question: null, ways: [act("make it again", () => putBack(spec, deps))] })];
    case "edited": {
      if (spec === null) return [];
      const putOursBack = act("put ours back", () => replaceEdited(spec, deps, state));
      const keepTheEdit = act("keep the edit as a drop-in", () => takeOver(spec, deps));
      return [findings.unitEdited(about, { question: `The unit of ${name} was edited by hand.`, ways: [putOursBack, keepTheEdit] })];
    }
  }
}

async function putBack(spec: Spec, deps: Deps): Promise<string> {
  const trouble = (await deps.backend.define([spec])).get(spec.name);
  if (trouble !== undefined) throw trouble;
  return `${deps.backend.unitFile(spec.name)} is restored`;
}

/** Restores bs9's unit, and keeps a copy of the edited one so that nothing is lost. */
async function replaceEdited(spec: Spec, deps: Deps, state: string): Promise<string> {
  const kept = join(state, "edited", `${spec.name}.service`);
  writeWhole(kept, readIfThere(deps.backend.unitFile(spec.name)) ?? "", 0o600);
  return `${await putBack(spec, deps)}; the edited unit is kept in ${kept}; bs9 restart ${spec.name} applies the restored one`;
}

async function takeOver(spec: Spec, deps: Deps): Promise<string> {
  const file = (await deps.backend.strangers?.takeOver(spec)) ?? null;
  return `${await putBack(spec, deps)}${file === null ? "" : `, and ${file} keeps the edit`}; bs9 restart ${spec.name} applies both`;
}

async function discard(name: string, deps: Deps): Promise<string> {
  if (deps.registry.get(name) !== null) throw failed(`${name} is now a service, so its unit was not removed`);
  await deps.backend.strangers?.discard(name);
  return `${name}.service is removed`;
}

/** A finding if bs9 would now write another unit for the spec: another version wrote it, or files around the service moved. */
async function staleness(spec: Spec, deps: Deps): Promise<Finding[]> {
  try {
    if (await deps.backend.isDefined(spec)) return [];
    return [
      findings.unitStale(
        spec,
        plainFix(() => putBack(spec, deps)),
      ),
    ];
  } catch (error) {
    return [findings.entry({ name: spec.name, reason: reasonOf(error) })];
  }
}

/** Directories that are emptied at boot or by systemd-tmpfiles(8). */
const fleetingFolders = ["/tmp", "/var/tmp", "/run", "/dev/shm"];

function fleeting(spec: Spec): Finding[] {
  const folder = fleetingFolders.find((one) => [spec.root, spec.entry.path].some((path) => path.startsWith(`${one}/`)));
  return folder === undefined ? [] : [findings.fleeting({ spec, folder })];
}
