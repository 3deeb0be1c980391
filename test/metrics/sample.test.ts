// Rates from two readings, also when counters or clocks jump.
import { expect, test } from "bun:test";
import { type ServiceReading, sampleOf } from "../../src/metrics/sample.ts";

const reading = (more: Partial<ServiceReading> = {}): ServiceReading => ({
  service: "web",
  readAtMs: 10_000,
  state: "active",
  health: "unknown",
  latencyMs: null,
  restarts: 0,
  countedIn: "1",
  cpuUsec: 5_000_000,
  memoryBytes: 1024,
  memorySource: "cgroup",
  tasks: 3,
  openFiles: null,
  ioReadBytes: 1000,
  ioWriteBytes: null,
  cpuStalledUsec: 0,
  memoryStalledUsec: null,
  ioStalledUsec: null,
  restReadAtMs: 10_000,
  ...more,
});

const later = (more: Partial<ServiceReading> = {}): ServiceReading => reading({ readAtMs: 15_000, restReadAtMs: 15_000, ...more });

test("the first sample of a service has no rates", () => {
  expect(sampleOf(null, reading())).toMatchObject({
    elapsedMs: null,
    cpuPercent: null,
    cpuTimeMs: 5000,
    ioReadBytes: null,
    restarted: null,
    memoryBytes: 1024,
    tasks: 3,
  });
});

test.each([
  ["half a core was used", { cpuUsec: 7_500_000 }, { cpuPercent: 50, elapsedMs: 5000 }],
  ["no CPU time was used", {}, { cpuPercent: 0 }],
  ["the tick was late", { readAtMs: 30_000, cpuUsec: 15_000_000 }, { cpuPercent: 50, elapsedMs: 20_000 }],
  ["a new cgroup has counted from 0", { countedIn: "2", cpuUsec: 100_000, ioReadBytes: 70 }, { cpuPercent: 2, ioReadBytes: 70 }],
  ["a new cgroup has already used more than the old one", { countedIn: "2", cpuUsec: 6_000_000 }, { cpuPercent: 120 }],
  ["a counter fell", { cpuUsec: 500_000 }, { cpuPercent: 10 }],
  ["a counter disappeared", { cpuUsec: null, memoryBytes: null }, { cpuPercent: null, memoryBytes: null }],
  ["the monotonic clock did not move", { readAtMs: 10_000, cpuUsec: 6_000_000 }, { cpuPercent: null, elapsedMs: null }],
  [
    "the other counters were not read in this tick",
    { restReadAtMs: 10_000, ioReadBytes: 1000 },
    { ioReadBytes: null, cpuPressurePercent: null, tasks: 3 },
  ],
  [
    "the other counters were read after several ticks",
    { restReadAtMs: 20_000, ioReadBytes: 1500, cpuStalledUsec: 2_000_000 },
    { ioReadBytes: 500, cpuPressurePercent: 20 },
  ],
  ["stalled time that exceeds the elapsed time counts as 100 %", { cpuStalledUsec: 5_010_000 }, { cpuPressurePercent: 100 }],
  ["restarts since the sample before are counted", { restarts: 3 }, { restarts: 3, restarted: 3 }],
  ["the backend does not count restarts", { restarts: null }, { restarts: null, restarted: null }],
])("%s", (_, now, expected) => expect(sampleOf(reading(), later(now))).toMatchObject(expected));

test("for a service without a cgroup the CPU figure is null after one of its processes has ended", () => {
  const byOne = { countedIn: null };
  expect(sampleOf(reading(byOne), later({ ...byOne, cpuUsec: 4_000_000 })).cpuPercent).toBeNull();
  expect(sampleOf(reading(byOne), later({ ...byOne, cpuUsec: 5_500_000 })).cpuPercent).toBe(10);
});

test("after a new start the restarts of a service count from 0", () => {
  expect(sampleOf(reading({ restarts: 9 }), later({ restarts: 1 })).restarted).toBe(1);
});
