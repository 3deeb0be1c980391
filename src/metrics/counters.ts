// Reads the counters of many services in one tick: CPU and memory of every service, and the expensive counters of some services
// in turn.
import { readdirSync, statSync } from "node:fs";
import { readFigures, usecOfPids } from "./cgroup.ts";
import { type CgroupFiles, type Descriptors, keepDescriptors } from "./descriptors.ts";
import type { Group } from "./group.ts";
import type { Counters } from "./sample.ts";

export type Counted = { service: string; group: Group | null };

export type CounterReader = {
  /**
   * `nowMs` is on the monotonic clock. Services that are not in the list are forgotten. CPU and memory of all services are read
   * first. The other counters are read only while `hasTime` returns true, and are null for services whose turn came after that.
   */
  read(services: readonly Counted[], nowMs: number, hasTime?: () => boolean): Map<string, Counters>;
  readonly descriptors: number;
  close(): void;
};

export type CounterOptions = {
  /** The number of services whose other counters are read in one tick. */
  restPerTick?: number;
  descriptors?: Descriptors;
};

type Rest = Omit<Counters, "countedIn" | "cpuUsec" | "memoryBytes" | "memorySource">;
type Memory = Pick<Counters, "memoryBytes" | "memorySource">;
type Known = { opened: CgroupFiles; countedIn: string | null; rest: Rest; memory: Memory };

const none: Counters = {
  countedIn: null,
  cpuUsec: null,
  memoryBytes: null,
  memorySource: null,
  tasks: null,
  openFiles: null,
  ioReadBytes: null,
  ioWriteBytes: null,
  cpuStalledUsec: null,
  memoryStalledUsec: null,
  ioStalledUsec: null,
  restReadAtMs: null,
};

const { countedIn: _, cpuUsec: __, memoryBytes, memorySource, ...noRest } = none;
const noMemory = { memoryBytes, memorySource };

/** At most this many processes of a service are read for open files, memory and tasks. */
const maxPids = 256;

export function counterReader({ restPerTick = 30, descriptors = keepDescriptors() }: CounterOptions = {}): CounterReader {
  const known = new Map<string, Known>();
  let turn = 0;

  const forget = (service: string) => {
    const one = known.get(service);
    if (one !== undefined) descriptors.forget(one.opened);
    known.delete(service);
  };

  return {
    get descriptors() {
      return descriptors.kept;
    },
    read(services, nowMs, hasTime = () => true) {
      const found = new Map<string, Counters>();
      const inTurn: { service: string; one: Known; i: number }[] = [];
      const first = services.length === 0 ? 0 : turn % services.length;
      services.forEach(({ service, group }, i) => {
        if (group === null || group.kind === "processes") forget(service);
        if (group === null) found.set(service, none);
        else if (group.kind === "processes") found.set(service, ofPids(group.pids.slice(0, maxPids), nowMs));
        else {
          const { one, cpuUsec } = cheap(service, group.folder);
          found.set(service, { countedIn: one.countedIn, cpuUsec, ...one.memory, ...one.rest });
          const isTurn = (i - first + services.length) % services.length < restPerTick;
          if (isTurn || one.rest.restReadAtMs === null) inTurn.push({ service, one, i });
        }
      });
      const late = inTurn.findIndex(({ service, one }) => {
        if (!hasTime()) return true;
        dear(one, nowMs);
        found.set(service, { ...(found.get(service) ?? none), ...one.memory, ...one.rest });
        return false;
      });
      for (const { service, one } of late === -1 ? [] : inTurn.slice(late)) {
        one.rest = noRest;
        if (one.memory.memorySource !== "cgroup") one.memory = noMemory;
        found.set(service, { ...(found.get(service) ?? none), ...one.memory, ...one.rest });
      }
      turn = late === -1 ? first + restPerTick : (inTurn[late]?.i ?? first);
      for (const service of known.keys()) if (!found.has(service)) forget(service);
      return found;
    },
    close() {
      for (const service of [...known.keys()]) forget(service);
    },
  };

  /** Reads CPU time and memory, which change all the time: two files for each service. */
  function cheap(service: string, folder: string): { one: Known; cpuUsec: number | null } {
    let one = known.get(service);
    let cpuUsec = one?.opened.folder === folder ? leading(one.opened, "cpu.stat", usage.length) : null;
    if (one === undefined || cpuUsec === null) {
      forget(service);
      one = { opened: { folder, descriptors: new Map() }, countedIn: inode(folder), rest: noRest, memory: noMemory };
      known.set(service, one);
      cpuUsec = leading(one.opened, "cpu.stat", usage.length);
    }
    const memoryBytes = leading(one.opened, "memory.current");
    if (memoryBytes !== null) one.memory = { memoryBytes, memorySource: "cgroup" };
    return { one, cpuUsec };
  }

  /** Reads the other counters; where the memory controller is missing, also the memory of the processes. */
  function dear(one: Known, nowMs: number): void {
    const pids = pidsOf(one.opened);
    const isOfCgroup = one.memory.memorySource === "cgroup";
    const figures = isOfCgroup ? null : readFigures(null, pids);
    if (figures !== null) one.memory = { memoryBytes: figures.memoryBytes, memorySource: figures.memorySource };
    const tasks = leading(one.opened, "pids.current") ?? (figures ?? readFigures(one.opened.folder, pids)).tasks;
    one.rest = { tasks, openFiles: openFiles(pids), ...disk(one.opened), ...stalls(one.opened), restReadAtMs: nowMs };
  }

  function pidsOf(opened: CgroupFiles): number[] {
    const length = descriptors.read(opened, "cgroup.procs") ?? 0;
    const lines = descriptors.bytes.toString("latin1", 0, length).split("\n");
    // The last line may be incomplete where the buffer ends.
    return lines.slice(0, -1).map(Number).slice(0, maxPids);
  }

  function disk(opened: CgroupFiles): Pick<Counters, "ioReadBytes" | "ioWriteBytes"> {
    const length = descriptors.read(opened, "io.stat");
    if (length === null) return { ioReadBytes: null, ioWriteBytes: null };
    const text = descriptors.bytes.toString("latin1", 0, length);
    const sum = (key: RegExp) => [...text.matchAll(key)].reduce((total, match) => total + Number(match[1]), 0);
    return { ioReadBytes: sum(/ rbytes=(\d+)/g), ioWriteBytes: sum(/ wbytes=(\d+)/g) };
  }

  function stalls(opened: CgroupFiles): Pick<Counters, "cpuStalledUsec" | "memoryStalledUsec" | "ioStalledUsec"> {
    return {
      cpuStalledUsec: field(opened, "cpu.pressure", "total="),
      memoryStalledUsec: field(opened, "memory.pressure", "total="),
      ioStalledUsec: field(opened, "io.pressure", "total="),
    };
  }

  /** The number after the first `key`. Searches the bytes, because making a string of each file would be slower. */
  function field(opened: CgroupFiles, file: string, key: string): number | null {
    const length = descriptors.read(opened, file);
    if (length === null || length === 0) return null;
    const { bytes } = descriptors;
    const at = bytes.subarray(0, length).indexOf(key);
    return at === -1 ? null : digits(bytes, at + key.length, length);
  }

  /** The number at the start of a file, after a word of `wordLength` characters. */
  function leading(opened: CgroupFiles, file: string, wordLength = 0): number | null {
    const length = descriptors.read(opened, file);
    return length === null ? null : digits(descriptors.bytes, wordLength, length);
  }
}

/** The first line of cpu.stat, whichever controllers there are (the kernel's cgroup-v2.rst). */
const usage = "usage_usec ";

function digits(bytes: Buffer, start: number, end: number): number | null {
  let value = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return at === start ? null : value;
}

function ofPids(pids: number[], nowMs: number): Counters {
  return { ...none, cpuUsec: usecOfPids(pids), ...readFigures(null, pids), openFiles: openFiles(pids), restReadAtMs: nowMs };
}

/** Identifies a cgroup: a new directory with the same name has another inode or change time. */
function inode(folder: string): string | null {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino}:${stat.ctimeMs}`;
}

/** The number of open files of the processes; null if this user may not see the open files of any of them. */
function openFiles(pids: number[]): number | null {
  let total: number | null = null;
  for (const pid of pids) {
    try {
      total = (total ?? 0) + readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // The process is gone, or belongs to another user.
    }
  }
  return total;
}
