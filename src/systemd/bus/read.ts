// Reads the state of units over the bus, or, where no bus answers, from systemctl, with null for what systemctl does not
// report.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Glimpse, Reading } from "../../backend/backend.ts";
import { type Exit, givenUpStatus, wordsOfEnd } from "../../backend/ended.ts";
import { cgroupFolderOf, cgroupRoot, readPids, usecOfCgroup } from "../../metrics/cgroup.ts";
import { delayUnitName, isDelay, unitName } from "../unit/names.ts";
import { givenUpPath, startsOf } from "../unit/starts.ts";
import { wantedUnits } from "../unit/wants.ts";
import type { BusUnit } from "./bus.ts";
import type { UnitReader } from "./relay.ts";
import type { Systemctl } from "./systemctl.ts";
import { unitState } from "./unit-state.ts";

export type FirstLook = {
  starts: ReturnType<typeof startsOf>;
  isGivenUp: boolean;
  /** What the cgroup of the service shows; null if the service does not run. */
  running: { folder: string; pids: number[]; cpu: { usec: number | null; atMs: number } } | null;
};

/**
 * Reads what the cgroups of running services show, without asking systemd: each is a directory below bs9.slice. The CPU counter
 * is read here, because the second reading of it must come some time later.
 */
export function firstLook(names: string[], { uid, runtimeDir }: { uid: number; runtimeDir: string }): Map<string, FirstLook> {
  const slice = join(cgroupRoot(), `user.slice/user-${uid}.slice/user@${uid}.service/bs9.slice`);
  const running = new Set(foldersIn(slice));
  const seen = new Map<string, FirstLook>();
  for (const name of names) {
    const folder = join(slice, unitName(name));
    const cpu = () => ({ usec: usecOfCgroup(folder), atMs: performance.now() });
    const live = running.has(unitName(name)) ? { folder, cpu: cpu(), pids: readPids(folder) } : null;
    seen.set(name, { running: live, starts: startsOf(runtimeDir, name), isGivenUp: existsSync(join(runtimeDir, givenUpPath(name))) });
  }
  return seen;
}

/** Uses one connection for all services; the few properties that are needed are requested together. */
export async function readOverBus(bus: UnitReader, names: string[], units: string, looks: Map<string, FirstLook>): Promise<Reading[]> {
  const listed = await bus.listByNames(names.map(unitName));
  const wanted = wantedUnits(units);
  return Promise.all(names.map(async (name, i) => reading(bus, name, listed[i], wanted, looks.get(name))));
}

async function reading(
  bus: UnitReader,
  name: string,
  unit: BusUnit | undefined,
  wanted: Set<string>,
  look: FirstLook | undefined,
): Promise<Reading> {
  const blank = blankReading(name, unit, wanted);
  const live = look?.running ?? null;
  const starts = look?.starts ?? null;
  if (unit === undefined || unit.path === "" || unit.load === "not-found") return blank;
  const service = (property: string) => bus.property(unit.path, "Service", property);
  // The delay unit counts every start, including starts by hand and after a failed health check, which systemd does not count.
  // systemd also counts one restart too many for a service that is given up.
  const restartsOf = async () => (starts === null ? whole(await service("NRestarts")) : Math.max(0, starts.count - 1));
  if (blank.state === "active" || blank.state === "deactivating") {
    // If the cgroup holds a single process before and after the state was read, that process is the main process. Otherwise it
    // may belong to an earlier step of the unit, and systemd is asked for MainPID.
    const only = live?.pids.length === 1 ? live.pids[0] : undefined;
    const now = live === null || only === undefined ? [] : readPids(live.folder);
    const isMain = now.length === 1 && now[0] === only;
    const asked = isMain ? only : service("MainPID");
    const [pid, restarts] = await Promise.all([asked, restartsOf()]);
    const mainPid = positive(pid);
    const folder = live?.folder ?? (mainPid === null ? null : cgroupFolderOf(mainPid));
    const cpu = live?.cpu ?? (folder === null ? null : { usec: usecOfCgroup(folder), atMs: performance.now() });
    return { ...blank, mainPid, restarts, group: folder === null ? null : { kind: "cgroup", folder }, cpu };
  }
  const [restarts, run, result, code, status] = await Promise.all([
    restartsOf(),
    bus.property(unit.path, "Unit", "InvocationID"),
    service("Result"),
    service("ExecMainCode"),
    service("ExecMainStatus"),
  ]);
  const exit = exitOf(whole(code), whole(status));
  // A program may itself exit with the status that bs9 uses to give up.
  const isOwn = exit?.code === "exited" && exit.status === givenUpStatus && look?.isGivenUp !== true;
  const end = isOwn ? `exited with ${givenUpStatus}` : wordsOfEnd(typeof result === "string" && result !== "success" ? result : null, exit);
  // The delay unit writes the count before it waits, and does not yet include the delayed start in the row.
  const waits = blank.state === "activating" && starts !== null ? { row: starts.inRow + 1, sinceMs: starts.writtenMs } : null;
  return { ...blank, restarts, end, waits, ...runOf(run) };
}

/** Reads states only, with one process for all services; everything that the list does not contain stays null. */
export async function readOverSystemctl(systemctl: Systemctl, names: string[], units: string): Promise<Reading[]> {
  const listed = new Map((await systemctl.list("*.service")).map((unit) => [unit.unit, unit]));
  const wanted = wantedUnits(units);
  return names.map((name) => {
    const unit = listed.get(unitName(name));
    // The list contains no jobs, but a running delay unit means that a start is queued.
    const hasJob = listed.get(delayUnitName(name))?.active === "activating";
    return { ...blankReading(name, unit === undefined ? undefined : { ...unit, path: "", hasJob }, wanted), isStateAlone: true };
  });
}

/** What the cgroups show without the user manager: which services run, but not in which state. */
export function glimpseOf(names: string[], units: string, reach: { uid: number; runtimeDir: string }): Glimpse[] {
  const looks = firstLook(names, reach);
  const wanted = wantedUnits(units);
  return names.map((name) => {
    const live = looks.get(name)?.running ?? null;
    const [only, ...more] = live?.pids ?? [];
    return {
      ...blankReading(name, undefined, wanted),
      state: "unknown" as const,
      mainPid: only !== undefined && more.length === 0 ? only : null,
      group: live === null ? null : { kind: "cgroup", folder: live.folder },
      cpu: live?.cpu ?? null,
    };
  });
}

function blankReading(name: string, unit: BusUnit | undefined, wanted: Set<string>): Reading {
  return {
    name,
    unit: unitName(name),
    state: unitState(unit?.active, unit?.hasJob === true) ?? "inactive",
    mainPid: null,
    restarts: null,
    end: null,
    group: null,
    cpu: null,
    waits: null,
    wanted: wanted.has(unitName(name)),
  };
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

// si_code of waitid(2): 1 exited, 2 killed, 3 dumped.
function exitOf(code: number | null, status: number | null): Exit | null {
  const word = ({ 1: "exited", 2: "killed", 3: "dumped" } as const)[code as 1 | 2 | 3];
  return word === undefined || status === null ? null : { code: word, status };
}

/** systemd gives each start of a unit an id of 16 bytes; a unit that never started has none. */
function runOf(id: unknown): Pick<Reading, "run"> {
  const bytes = Array.isArray(id) || id instanceof Uint8Array ? [...id] : [];
  return bytes.length === 16 ? { run: Buffer.from(bytes).toString("hex") } : {};
}

function whole(value: unknown): number | null {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
}

function positive(value: unknown): number | null {
  const pid = whole(value);
  return pid !== null && pid > 0 ? pid : null;
}

/** The other services of the user, read-only, without the delay units of bs9. */
export async function readOthers(systemctl: Systemctl, units: string): Promise<Reading[]> {
  const wanted = wantedUnits(units);
  const others = (await systemctl.list("*.service")).filter(({ unit }) => !isDelay(unit));
  return others.map((unit) => ({
    ...blankReading(unit.unit.replace(/\.service$/, ""), { ...unit, path: "", hasJob: false }, wanted),
    unit: unit.unit,
  }));
}
