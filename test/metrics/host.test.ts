// Samples of the host: from files as kernels write them, from kernels that lack some of them, and from this machine.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tableOf } from "../../src/metrics/figures.ts";
import { type HostSampler, hostSampler } from "../../src/metrics/host.ts";
import { tempDir, until } from "../harness.ts";

let folder: string;
let sampler: HostSampler;
beforeEach(() => {
  folder = tempDir();
  sampler = hostSampler(`${folder}/`);
});
afterEach(() => {
  sampler.close();
  rmSync(folder, { recursive: true, force: true });
});

const nowhere = { home: "/proc/none", state: "/proc/none", projects: [] };

function write(file: string, text: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const face = (name: string, received: number, sent: number) =>
  `${name}: ${received}  38301    0    0    0     0          0         0 ${sent}   26947 0 0 0 0 0 0\n`;
const netHead = "Inter-|   Receive  |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n";

/** Writes the files of the host; all counters grow with `n`. */
function machine(n: number, faces = [face("    lo", 1e9, 1e9), face("  eth0", 1000 * n, 10 * n), face("docker0", 77 * n, 77 * n)]): void {
  write("proc/stat", `cpu  ${100 + 200 * n} 10 40 90000 500 5 5 ${50 * n} 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5 0 0\n`);
  write("proc/loadavg", "1.50 0.75 0.10 2/345 17215\n");
  write(
    "proc/meminfo",
    "MemTotal:       4000 kB\nMemFree:        100 kB\nMemAvailable:   1000 kB\nSwapTotal:      2000 kB\nSwapFree:       1500 kB\n",
  );
  write("proc/net/dev", netHead + faces.join(""));
  for (const [what, usec] of Object.entries({ cpu: 500_000, memory: 0, io: 1_000_000 }))
    write(
      `proc/pressure/${what}`,
      `some avg10=98.73 avg60=96.59 avg300=96.81 total=${usec * n}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n`,
    );
  write("sys/devices/system/cpu/online", "0-2,5\n");
  for (const name of ["eth0", "docker0", "lo"]) mkdirSync(join(folder, "sys/class/net", name), { recursive: true });
}

test("figures of the host are the values in the files of the kernel, or rates between two samples", () => {
  machine(1);
  mkdirSync(join(folder, "sys/class/net/eth0/device"));
  expect(sampler.take(nowhere, 1000, true)).toMatchObject({ cpuPercent: null, elapsedMs: null, netSentBytes: null, load1: 1.5 });
  machine(2);
  sampler.take(nowhere, 6000, true);
  machine(3);
  expect(sampler.take(nowhere, 11_000, true)).toEqual({
    ...{ elapsedMs: 5000, cpuPercent: 40, cpuStolenPercent: 10, cores: 4, load1: 1.5, load5: 0.75, load15: 0.1, tasks: 345 },
    ...{ memoryBytes: 3000 * 1024, memoryTotalBytes: 4000 * 1024, memoryPercent: 75, swapBytes: 500 * 1024, swapTotalBytes: 2000 * 1024 },
    ...{ cpuPressurePercent: 10, memoryPressurePercent: 0, ioPressurePercent: 20, netReceivedBytes: 1000, netSentBytes: 10 },
    ...{ homeFreeBytes: null, homeUsedPercent: null, stateFreeBytes: null, stateUsedPercent: null },
    ...{ projectsFreeBytes: null, projectsUsedPercent: null },
  });
});

test("a sample between ticks covers the time since the last sample of any kind, and does not change the next tick", () => {
  const lo = face("lo", 5, 5);
  const at = (n: number, isTick: boolean, faces?: string[]) => {
    machine(n, faces);
    const { elapsedMs, netSentBytes } = sampler.take(nowhere, n * 1000, isTick);
    return [elapsedMs, netSentBytes];
  };
  mkdirSync(join(folder, "sys/class/net/eth0/device"), { recursive: true });
  expect(at(0, true)).toEqual([null, null]);
  expect(at(5, true)).toEqual([5000, 50]);
  expect(at(6, false)).toEqual([1000, 10]);
  expect(at(8, false)).toEqual([2000, 20]);
  expect(at(10, true)).toEqual([5000, 50]);
  // The tick at 15 is the second sample with the new interface, but the tick before it was without that interface.
  mkdirSync(join(folder, "sys/class/net/eth1/device"), { recursive: true });
  const both = (n: number) => [lo, face("eth0", 1000 * n, 10 * n), face("eth1", 1e12, 1e12)];
  expect(at(12, false, both(12))).toEqual([2000, null]);
  expect(at(15, true, both(15))).toEqual([5000, null]);
  expect(at(20, true, both(20))).toEqual([5000, 50]);
});

test("hundreds of virtual interfaces that appear and disappear do not change the network figures", () => {
  const at = (n: number, from: number) => {
    const veths = Array.from({ length: 400 }, (_, i) => face(`veth${from + i}`, 1e9, 1e9));
    machine(n, [face("lo", 5, 5), ...veths, face("eth0", 1000 * n, 10 * n)]);
    return sampler.take(nowhere, n * 5000, true).netReceivedBytes;
  };
  mkdirSync(join(folder, "sys/class/net/eth0/device"), { recursive: true });
  expect([at(1, 0), at(2, 0), at(3, 7), at(4, 3)]).toEqual([null, 1000, 1000, 1000]);
});

test("no network figure is wrong after an interface appears or disappears, or after counters start again from 0", () => {
  const at = (n: number, faces: string[]) => {
    machine(n, faces);
    const { netReceivedBytes, netSentBytes } = sampler.take(nowhere, n * 5000, true);
    return [netReceivedBytes, netSentBytes];
  };
  const [lo, eth0, wifi] = [face("lo", 5, 5), (n: number) => face("eth0", 1000 * n, 10 * n), face("wlan0", 1e12, 1e12)];
  expect(at(1, [lo, eth0(1)])).toEqual([null, null]);
  expect(at(2, [lo, eth0(2)])).toEqual([1000, 10]);
  expect(at(3, [lo, eth0(3)])).toEqual([1000, 10]);
  expect(at(4, [lo, eth0(4), wifi])).toEqual([null, null]);
  expect(at(5, [lo, eth0(5), wifi])).toEqual([1000, 10]);
  expect(at(6, [lo, eth0(6), wifi])).toEqual([1000, 10]);
  expect(at(7, [lo, eth0(1), wifi])).toEqual([null, null]);
  expect(at(8, [lo])).toEqual([null, null]);
});

test("figures that the kernel does not report are null, never 0", () => {
  for (const nowMs of [1000, 6000]) {
    const { elapsedMs, ...figures } = sampler.take(nowhere, nowMs, true);
    expect(new Set(Object.values(figures))).toEqual(new Set([null]));
  }
});

test("free space is measured on each file system, for projects on the fullest one, and an old value becomes null", async () => {
  const places = { home: folder, state: "/proc/none", projects: ["/proc/none", folder, "/"] };
  const told = () => sampler.take(places, 1000, true);
  await until(() => told().homeFreeBytes !== null, { what: "the look at the file systems has ended" });
  const { blocks, bfree, bavail } = statfsSync(folder);
  const used = (100 * (blocks - bfree)) / (blocks - bfree + bavail);
  expect(Math.abs((told().homeUsedPercent ?? -100) - used)).toBeLessThan(5);
  expect(told().stateFreeBytes).toBeNull();
  expect(told().projectsUsedPercent).toBeGreaterThanOrEqual(told().homeUsedPercent ?? 100);
  expect(sampler.take(places, 1000 + 120_000, true).homeFreeBytes).toBeNull();
});

test("on this machine every figure of the host except pressure, swap and network has a value", async () => {
  const here = hostSampler();
  const places = { home: "/", state: "/", projects: ["/"] };
  await until(() => here.take(places, 1000, true).projectsFreeBytes !== null, { what: "the look at the file systems has ended" });
  const sample = here.take(places, 6000, true);
  const values: Readonly<Record<string, number | null>> = sample;
  for (const { name } of tableOf("host"))
    if (!/Pressure|^net|^swap/.test(name)) expect([name, typeof values[name]]).toEqual([name, "number"]);
  expect(sample.memoryPercent).toBeLessThan(100);
  here.close();
});
