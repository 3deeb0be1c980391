// Takes samples of the host: counters and gauges from a few files of /proc, and the space of its file systems.
import { type CgroupFiles, keepDescriptors } from "./descriptors.ts";
import { networkReader, type Traffic } from "./network.ts";
import { type HostReading, type HostSample, hostSampleOf } from "./sample.ts";
import { type SpaceDirectories, spaceReader } from "./space.ts";

export type HostSampler = {
  /**
   * `nowMs` is on the monotonic clock. Does not wait for file systems: their space is from the previous look-up. A sample
   * between ticks covers the time since the last sample of any kind, and does not change what the next tick reports.
   */
  take(places: SpaceDirectories, nowMs: number, isTick: boolean): HostSample;
  close(): void;
};

/** `top` is the directory that contains proc and sys. */
export function hostSampler(top = "/"): HostSampler {
  const descriptors = keepDescriptors(maxFiles);
  const opened = (folder: string): CgroupFiles => ({ folder: `${top}${folder}`, descriptors: new Map() });
  const [proc, cpu] = [opened("proc"), opened("sys/devices/system/cpu")];
  const network = networkReader(`${top}sys/class/net`);
  const space = spaceReader();
  let ofTick: Reading | null = null;
  let last: Reading | null = null;

  const textOf = (from: CgroupFiles, file: string): string => {
    const length = descriptors.read(from, file);
    return length === null ? "" : descriptors.bytes.toString("latin1", 0, length);
  };
  const stalledUsec = (what: string) => numberAt(textOf(proc, `pressure/${what}`), /^some .* total=(\d+)/);

  return {
    take(places, nowMs, isTick) {
      const stat = textOf(proc, "stat");
      const reading: Reading = {
        ...{ readAtMs: nowMs, restReadAtMs: nowMs, countedIn: null },
        cpuUsec: busyUsec(stat),
        cpuStolenUsec: stolenUsec(stat),
        cores: coresIn(textOf(cpu, "online")),
        ...loadIn(textOf(proc, "loadavg")),
        ...memoryIn(textOf(proc, "meminfo")),
        cpuStalledUsec: stalledUsec("cpu"),
        memoryStalledUsec: stalledUsec("memory"),
        ioStalledUsec: stalledUsec("io"),
        ...network(descriptors.text(proc, "net/dev")),
        ...space.of(places, nowMs),
      };
      const sample = hostSampleOf(comparable(isTick ? ofTick : last, reading), reading);
      if (isTick) ofTick = reading;
      last = reading;
      return sample;
    },
    close() {
      for (const one of [proc, cpu]) descriptors.forget(one);
    },
  };
}

type Reading = HostReading & Pick<Traffic, "outward">;

function comparable(before: Reading | null, { outward }: Reading): HostReading | null {
  return before === null || before.outward === outward ? before : { ...before, netReceivedBytes: null, netSentBytes: null };
}

const maxFiles = 16;

const usecOfTick = 10_000;

/**
 * The sum of user, nice, system, irq and softirq in the first line of proc_stat(5). Idle, iowait and steal are not used CPU
 * time.
 */
function busyUsec(stat: string): number | null {
  const [user, nice, system, , , irq = "0", softirq = "0"] = (/^cpu +([\d ]+)/.exec(stat)?.[1] ?? "").split(" ");
  if (system === undefined) return null;
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) * usecOfTick;
}

/** Steal time, the eighth column of proc_stat(5); it is 0 on a host that is not a virtual machine. */
function stolenUsec(stat: string): number | null {
  const ticks = numberAt(stat, /^cpu +(?:\d+ ){7}(\d+)/);
  return ticks === null ? null : ticks * usecOfTick;
}

/** Counts the cores in ranges such as `0-3,6`. */
function coresIn(online: string): number | null {
  const ranges = [...online.matchAll(/(\d+)(?:-(\d+))?/g)];
  return ranges.length === 0 ? null : ranges.reduce((sum, [, first, last = first]) => sum + Number(last) - Number(first) + 1, 0);
}

/** Parses proc_loadavg(5): the three averages, and the number of all tasks after the slash. */
function loadIn(loadavg: string): Pick<HostReading, "load1" | "load5" | "load15" | "tasks"> {
  const [, load1, load5, load15, tasks] = /^([\d.]+) ([\d.]+) ([\d.]+) \d+\/(\d+)/.exec(loadavg) ?? [];
  return { load1: numberOr(load1), load5: numberOr(load5), load15: numberOr(load15), tasks: numberOr(tasks) };
}

type Memory = Pick<HostReading, "memoryBytes" | "memoryTotalBytes" | "memoryPercent" | "swapBytes" | "swapTotalBytes">;

function memoryIn(meminfo: string): Memory {
  const [total, swapTotal] = [bytesAt(meminfo, "MemTotal:"), bytesAt(meminfo, "SwapTotal:")];
  const used = without(total, bytesAt(meminfo, "MemAvailable:"));
  return {
    memoryBytes: used,
    memoryTotalBytes: total,
    memoryPercent: used === null || total === null || total === 0 ? null : (used / total) * 100,
    swapBytes: without(swapTotal, bytesAt(meminfo, "SwapFree:")),
    swapTotalBytes: swapTotal,
  };
}

/** Reads a line such as `MemTotal:   24683620 kB`. */
function bytesAt(meminfo: string, field: string): number | null {
  const at = meminfo.startsWith(field) ? 0 : meminfo.indexOf(`\n${field}`);
  const kilobytes = at === -1 ? Number.NaN : Number.parseInt(meminfo.slice(at + field.length + (at === 0 ? 0 : 1)), 10);
  return Number.isNaN(kilobytes) ? null : kilobytes * 1024;
}

const without = (total: number | null, free: number | null) => (total === null || free === null ? null : total - free);
const numberAt = (text: string, pattern: RegExp) => numberOr(pattern.exec(text)?.[1]);
const numberOr = (text: string | undefined) => (text === undefined ? null : Number(text));
