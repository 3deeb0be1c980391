// What commands that were killed left behind, who holds the lock, and what of bs9's own records is not as it should be.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { type Finding, plainFix } from "../../backend/finding.ts";
import { Bs9Error, exitStatus, reasonOf } from "../../base/errors.ts";
import { namesIn } from "../../base/listing.ts";
import { formatBytes } from "../../base/quantities.ts";
import { harmless, shellWord } from "../../base/text.ts";
import { runtimeVersion } from "../../runtime/pin.ts";
import { acceptAct } from "../../trail/record.ts";
import { type Deps, underLock } from "../deps.ts";
import { append } from "../recorded.ts";
import { recover } from "../recover.ts";
import { sweepUnused, unusedPaths } from "../unused.ts";
import type { Ground } from "./ground.ts";

export async function leftoverFindings(ground: Ground): Promise<Finding[]> {
  return [...(await lock(ground)), ...pending(ground), ...runtimes(ground), ...mistakes(ground), ...(await trail(ground))];
}

/** The kernel drops the lock with its holder, so whoever holds it lives. */
async function lock({ registry }: Ground): Promise<Finding[]> {
  const holder = await registry.holder().catch(() => null);
  if (holder === null) return [];
  return [
    {
      id: "lock",
      severity: "warning",
      what: `the registry is locked by: ${harmless(holder)}`,
      why: "commands that change something wait for it",
      mend: `wait for it to end${/pid (\d+)/.test(holder) ? `, or end it: kill ${/pid (\d+)/.exec(holder)?.[1]}` : ""}`,
      fix: null,
    },
  ];
}

function pending({ registry, deps }: Ground): Finding[] {
  const { changes, broken } = registry.abandoned();
  const settled = changes.map(
    ({ spec }): Finding => ({
      id: "pending",
      severity: "warning",
      what: `a command that was killed left ${spec.name} half changed`,
      why: "the next command finishes the change, or undoes it",
      mend: "bs9 doctor --fix",
      fix:
        deps === null
          ? null
          : plainFix(async () => {
              await underLock(deps, "doctor", () => recover(deps));
              return `the change of ${spec.name} is settled`;
            }),
    }),
  );
  const unreadable = broken.map(
    ({ error }): Finding => ({
      id: "pending",
      severity: "error",
      what: reasonOf(error),
      why: "bs9 did not write it so, and cannot finish or undo the change that it stands for",
      mend: (error instanceof Bs9Error ? error.hint : undefined) ?? "move the file away",
      fix: null,
    }),
  );
  return [...settled, ...unreadable];
}

function runtimes({ paths, specs, deps, registry }: Ground): Finding[] {
  const folder = join(paths.share, "runtime");
  const orphans = (unusedPaths({ registry, share: paths.share }) ?? []).map(
    (path): Finding => ({
      id: "unused",
      severity: "note",
      what: `no service uses ${harmless(path)}`,
      why: `it takes ${formatBytes(bytesIn(path))} of disk`,
      mend: `rm -r ${shellWord(path)}`,
      fix:
        deps === null
          ? null
          : plainFix(async () => {
              await underLock(deps, "doctor", async () => sweepUnused(deps));
              return `${path} is removed`;
            }),
    }),
  );
  const present = new Set(namesIn(folder));
  const gone: Finding[] = specs.flatMap(({ name, runtime }) =>
    runtime.kind !== "bs9" || (present.has(runtime.version) && namesIn(join(folder, runtime.version)).includes("bs9"))
      ? []
      : [
          {
            id: "runtime-missing",
            severity: "error",
            what: `the runtime of ${name}, bs9 ${runtime.version}, is not there`,
            why: "it cannot be started again",
            mend: `bs9 restart ${name} --runtime latest`,
            fix: null,
          },
        ],
  );
  const older = specs.filter(({ runtime }) => runtime.kind === "bs9" && runtime.version !== runtimeVersion).map(({ name }) => name);
  const behind: Finding[] =
    older.length === 0
      ? []
      : [
          {
            id: "runtime-older",
            severity: "note",
            what: `${older.join(" ")} ${older.length === 1 ? "runs" : "run"} on another bs9 than this one, ${runtimeVersion}`,
            why: "an upgrade changes no app by itself",
            mend: `bs9 restart ${older.join(" ")} --runtime latest`,
            fix: null,
          },
        ];
  return [...gone, ...orphans, ...behind];
}

function mistakes({ mistakes: found }: Ground): Finding[] {
  return found.map(({ where, field, what }) => ({
    id: "config",
    severity: "error",
    what: `${where}: ${field === null ? "" : `${field}: `}${what}`,
    why: "bs9 start refuses to guess at defaults",
    mend: "bs9 config --check, and mend that line",
    fix: null,
  }));
}

async function trail({ verifyTrail, deps }: Ground): Promise<Finding[]> {
  const { breaks, removed } = await verifyTrail();
  // All that is wrong is that there was a trail before this one: it may well have been removed on purpose.
  const isRemovedOnly = removed.length > 0 && breaks.length === removed.length;
  if (isRemovedOnly) return [removedTrail(removed, deps)];
  const [first] = breaks;
  if (first === undefined) return [];
  return [
    {
      id: "trail",
      severity: "error",
      what: `the trail is not as it was written: ${first.file}:${first.line}: ${first.what}${breaks.length > 1 ? ` (and ${breaks.length - 1} more)` : ""}`,
      why: "somebody changed the record of who did what",
      mend: "bs9 history --verify, and look into who did; then move trail*.jsonl away to begin a new one",
      fix: null,
    },
  ];
}

function removedTrail(removed: string[], deps: Deps | null): Finding {
  const run = async (now: Deps) => {
    const entry = { act: acceptAct, targets: [], differences: [{ path: "removed", before: undefined, after: removed }] };
    await underLock(now, "doctor", () => append(now, entry, { message: null, failed: [], exitStatus: exitStatus.done }));
    return "the trail says now that an earlier one was removed";
  };
  return {
    id: "trail-removed",
    severity: "warning",
    what: `an earlier trail was removed: the journal knows ${removed.length === 1 ? "it" : `${removed.length} of them`}`,
    why: "bs9 was uninstalled, or somebody took the record of who did what away",
    mend: "bs9 doctor --fix puts that it was seen into the trail",
    fix:
      deps === null
        ? null
        : {
            question: "An earlier trail was removed. Put into the trail that you know of it?",
            ways: [{ word: "accept it", run: () => run(deps) }],
          },
  };
}

/** Links are not followed; files that go while they are counted take nothing. */
function bytesIn(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const below = found?.isDirectory() === true ? namesIn(path).map((name) => bytesIn(join(path, name))) : [];
  return below.reduce((sum, bytes) => sum + bytes, (found?.blocks ?? 0) * 512);
}
