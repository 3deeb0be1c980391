// What is amiss with services: units changed by hand, entries that are gone, places that do not last.
import { join } from "node:path";
import type { Foreign } from "../../backend/backend.ts";
import { type Finding, plainFix, type Way } from "../../backend/finding.ts";
import { exitStatus, failed, reasonOf } from "../../base/errors.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import type { Spec } from "../../service/spec.ts";
import { foreignSentence } from "../../status/foreign.ts";
import type { Deps } from "../deps.ts";
import { recorded } from "../recorded.ts";
import type { Ground } from "./ground.ts";

export async function serviceFindings(ground: Ground): Promise<Finding[]> {
  const { deps, specs, registry, paths } = ground;
  const unreadable = registry.names().filter((name) => !specs.some((spec) => spec.name === name));
  const broken = unreadable.map((name): Finding => {
    const file = join(paths.config, "services", `${name}.json`);
    return {
      id: "spec",
      severity: "error",
      what: `the spec of ${name} cannot be understood: ${file}`,
      why: "bs9 cannot start or change it",
      mend: `mv ${file} ${file}.broken`,
      fix: null,
    };
  });
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
      recorded(deps, { act: `doctor: ${word}`, targets: [name], differences: [] }, run, (message) => ({
        message,
        failed: [],
        exitStatus: exitStatus.done,
      })),
  });
  switch (kind) {
    case "drop-ins":
      return [
        {
          id: "unit-drop-ins",
          severity: "note",
          what,
          why: "bs9 leaves them alone; they may loosen the sandbox or the limits",
          mend: `systemctl --user cat ${name}.service`,
          fix: null,
        },
      ];
    case "older":
      return [
        {
          id: "unit-older",
          severity: "note",
          what,
          why: "what this bs9 shuts services in by is newer than what the service runs in",
          mend: `bs9 restart ${name}`,
          fix: null,
        },
      ];
    case "added":
      return [
        {
          id: "unit-orphaned",
          severity: "warning",
          what,
          why: "bs9 knows nothing of it; its spec was removed by hand, or the unit was copied",
          mend: `systemctl --user disable --now ${name}.service && rm ${files[0]} && systemctl --user daemon-reload`,
          fix: { question: `Stop ${name}.service and remove its unit?`, ways: [act("remove it", () => discard(name, deps))] },
        },
      ];
    case "missing":
      if (spec === null) return [];
      return [
        {
          id: "unit-missing",
          severity: "error",
          what,
          why: "the service will not start again",
          mend: "bs9 doctor --fix",
          fix: { question: null, ways: [act("make it again", () => putBack(spec, deps))] },
        },
      ];
    case "edited":
      if (spec === null) return [];
      return [
        {
          id: "unit-edited",
          severity: "error",
          what,
          why: "the service is not what its spec says, and the next change would undo the edit",
          mend: "bs9 doctor --fix asks: bs9's own is put back and the edited one kept aside (so too with --yes), or the edit becomes a drop-in",
          fix: {
            question: `The unit of ${name} was edited by hand.`,
            ways: [
              act("put ours back", () => replaceEdited(spec, deps, state)),
              act("keep the edit as a drop-in", () => takeOver(spec, deps)),
            ],
          },
        },
      ];
  }
}

async function putBack(spec: Spec, deps: Deps): Promise<string> {
  const trouble = (await deps.backend.define([spec])).get(spec.name);
  if (trouble !== undefined) throw trouble;
  return `${deps.backend.unitFile(spec.name)} is bs9's own again`;
}

/** Nothing is lost: the edited text is kept. */
async function replaceEdited(spec: Spec, deps: Deps, state: string): Promise<string> {
  const kept = join(state, "edited", `${spec.name}.service`);
  writeWhole(kept, readIfThere(deps.backend.unitFile(spec.name)) ?? "", 0o600);
  return `${await putBack(spec, deps)}; the edited one is kept in ${kept}; bs9 restart ${spec.name} runs the service by it`;
}

async function takeOver(spec: Spec, deps: Deps): Promise<string> {
  const file = (await deps.backend.strangers?.takeOver(spec)) ?? null;
  return `${await putBack(spec, deps)}${file === null ? "" : `, and ${file} keeps the edit`}; bs9 restart ${spec.name} runs the service by it`;
}

async function discard(name: string, deps: Deps): Promise<string> {
  if (deps.registry.get(name) !== null) throw failed(`${name} is a service by now`);
  await deps.backend.strangers?.discard(name);
  return `${name}.service is gone`;
}

/** A unit that is bs9's own and not what the spec would become now: made by another bs9, or something around it moved. */
async function staleness(spec: Spec, deps: Deps): Promise<Finding[]> {
  try {
    if (await deps.backend.isDefined(spec)) return [];
    return [
      {
        id: "unit-stale",
        severity: "note",
        what: `the unit of ${spec.name} would be made otherwise today`,
        why: "another version of bs9 made it, or a folder, link or package that it opens has changed",
        mend: `bs9 restart ${spec.name}`,
        fix: plainFix(() => putBack(spec, deps)),
      },
    ];
  } catch (error) {
    return [
      {
        id: "entry",
        severity: "error",
        what: `${spec.name} cannot be started again: ${reasonOf(error)}`,
        why: "something that it runs from is gone",
        mend: `put it back, or: bs9 delete ${spec.name}`,
        fix: null,
      },
    ];
  }
}

/** Folders that a boot, or systemd-tmpfiles(8), empties. */
const fleetingFolders = ["/tmp", "/var/tmp", "/run", "/dev/shm"];

function fleeting({ name, root, entry }: Spec): Finding[] {
  const folder = fleetingFolders.find((one) => [root, entry.path].some((path) => path.startsWith(`${one}/`)));
  if (folder === undefined) return [];
  return [
    {
      id: "fleeting",
      severity: "warning",
      what: `${name} runs from ${root}, and ${folder} does not last`,
      why: "its files are cleaned away, at the latest at the next boot",
      mend: `move it: bs9 start /srv/… --name ${name}`,
      fix: null,
    },
  ];
}
