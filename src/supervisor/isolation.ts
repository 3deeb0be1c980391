// Judges whether a service is isolated from other processes: from what /proc shows of its process, and from a test in which a
// program under the same launcher tries to reach processes outside.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import {
  isolationOff,
  judgeIsolation,
  type Kernel,
  type ReachableSocket,
  type Threat,
  threats,
  withSockets,
} from "../backend/isolation.ts";
import { reachedBy, trial } from "../backend/isolation-trial.ts";
import { busFolder } from "../backend/root-sockets.ts";
import type { Isolation } from "../backend/verdict.ts";
import { readIfThere, writeWhole } from "../base/files.ts";
import type { Paths } from "../base/paths.ts";
import { bootId, readProc, statusField } from "../base/proc.ts";
import type { Spec } from "../service/spec.ts";
import { version } from "../version.ts";
import { runPlanOnce } from "./once.ts";
import { type Plan, withSystem } from "./plan.ts";

const timeoutMs = 10_000;

type Ground = { paths: Paths; program: string; kernel: Kernel; plan: () => Plan };

export async function isolationOf(pid: number, spec: Spec, ground: Ground): Promise<Isolation> {
  if (spec.sandbox.profile === "off") return isolationOff(spec.name);
  // The service inherits the seccomp filters of the supervisor, for example those of a container. One filter more shows that
  // the launcher has finished, because it adds its own filter after Landlock.
  const isFiltered = filtersOf(pid) > filtersOf("self");
  const isolation = judgeIsolation({
    name: spec.name,
    unlaunched: null,
    reached: await reached(ground),
    live: { limits: isFiltered, scopes: isFiltered },
    kernel: ground.kernel,
  });
  return withSockets(isolation, socketsHere());
}

/** The isolation that a process started now would have, without running any attempts. */
export function isolationHere({ name }: Spec, kernel: Kernel): Isolation {
  const isolation = judgeIsolation({ name, unlaunched: null, reached: [], live: { limits: true, scopes: true }, kernel });
  return withSockets(isolation, socketsHere());
}

/** Sockets through which a service could control others: those of a host with systemd, or those that a container mounts. */
function socketsHere(): Parameters<typeof withSockets>[1] {
  const runtime = `/run/user/${process.getuid?.()}`;
  const mendOf = (paths: string[]) =>
    `on a machine with systemd, leave BS9_BACKEND unset; in a container, do not mount ${paths.join(" or ")}`;
  const places: [ReachableSocket, string[]][] = [
    ["user manager", [`${runtime}/systemd/private`, `${runtime}/bus`]],
    ["system bus", [`${busFolder}/system_bus_socket`]],
  ];
  return places.flatMap(([socket, paths]) => {
    const found = paths.filter((path) => existsSync(path));
    return found.length === 0 ? [] : [{ socket, mend: mendOf(found) }];
  });
}

/**
 * NaN where the kernel does not report Seccomp_filters (before Linux 5.9): the comparison is then false, so no filter is
 * assumed.
 */
const filtersOf = (pid: number | "self"): number => Number(statusField(readProc(`${pid}/status`) ?? "", "Seccomp_filters") ?? Number.NaN);

const Kept = v.strictObject({ key: v.string(), reached: v.array(v.picklist(threats)) });

let trying: Promise<Threat[] | null> | null = null;

/**
 * Tests once per boot and build of bs9 what a program in the sandbox can reach outside; the test starts two processes, and
 * services that are judged at the same time share one test. Returns null if the test could not be run; the next call then
 * repeats it.
 */
function reached(ground: Ground): Promise<Threat[] | null> {
  trying ??= reachedNow(ground).finally(() => {
    trying = null;
  });
  return trying;
}

async function reachedNow({ paths, program, plan }: Ground): Promise<Threat[] | null> {
  const file = join(paths.cache, "isolation.json");
  const key = JSON.stringify([bootId(), version, program]);
  const kept = read(file);
  if (kept?.key === key) return kept.reached;
  const found = await tried(paths, program, plan());
  if (found === null) return null;
  try {
    writeWhole(file, JSON.stringify({ key, reached: found }), 0o600, false);
  } catch {
    // The result is only cached: the next call can compute it again.
  }
  return found;
}

async function tried(paths: Paths, program: string, plan: Plan): Promise<Threat[] | null> {
  using attempts = trial(paths.cache);
  const { landlock: shut, ...rest } = withSystem(plan, paths);
  const landlock = shut === null ? null : { ...shut, system: [...shut.system, program] };
  const trying = { ...rest, landlock, argv: [program, ...attempts.words], env: { BUN_BE_BUN: "1" }, cwd: "/", isolationRequired: false };
  const { exitCode, timedOut } = await runPlanOnce(trying, timeoutMs, program);
  return timedOut ? null : (reachedBy(exitCode)?.threats ?? null);
}

function read(file: string): v.InferOutput<typeof Kept> | null {
  try {
    return v.parse(Kept, JSON.parse(readIfThere(file) ?? ""));
  } catch {
    rmSync(file, { force: true });
    return null;
  }
}
