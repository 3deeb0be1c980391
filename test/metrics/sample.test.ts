// Rates out of two readings, whatever counters and clocks do.
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

test("the first sample has no rates", () => {
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
  ["half a core", { cpuUsec: 7_500_000 }, { cpuPercent: 50, elapsedMs: 5000 }],
  ["nothing used", {}, { cpuPercent: 0 }],
  ["a late tick", { readAtMs: 30_000, cpuUsec: 15_000_000 }, { cpuPercent: 50, elapsedMs: 20_000 }],
  ["a new cgroup has counted from 0", { countedIn: "2", cpuUsec: 100_000, ioReadBytes: 70 }, { cpuPercent: 2, ioReadBytes: 70 }],
  ["a new cgroup that has used more already", { countedIn: "2", cpuUsec: 6_000_000 }, { cpuPercent: 120 }],
  ["a counter that fell", { cpuUsec: 500_000 }, { cpuPercent: 10 }],
  ["a counter that is gone", { cpuUsec: null, memoryBytes: null }, { cpuPercent: null, memoryBytes: null }],
  ["the monotonic clock did not move", { readAtMs: 10_000, cpuUsec: 6_000_000 }, { cpuPercent: null, elapsedMs: null }],
  [
    "the rest was not read in this tick",
    { restReadAtMs: 10_000, ioReadBytes: 1000 },
    { ioReadBytes: null, cpuPressurePercent: null, tasks: 3 },
  ],
  [
    "the rest was read after a while",
    { restReadAtMs: 20_000, ioReadBytes: 1500, cpuStalledUsec: 2_000_000 },
    { ioReadBytes: 500, cpuPressurePercent: 20 },
  ],
  ["stalled for more than there was time", { cpuStalledUsec: 5_010_000 }, { cpuPressurePercent: 100 }],
  ["restarts", { restarts: 3 }, { restarts: 3, restarted: 3 }],
  ["not counted", { restarts: null }, { restarts: null, restarted: null }],
])("%s", (_, now, expected) => expect(sampleOf(reading(), later(now))).toMatchObject(expected));

test("of processes counted one by one, one that ended makes no figure", () => {
  const byOne = { countedIn: null };
  expect(sampleOf(reading(byOne), later({ ...byOne, cpuUsec: 4_000_000 })).cpuPercent).toBeNull();
  expect(sampleOf(reading(byOne), later({ ...byOne, cpuUsec: 5_500_000 })).cpuPercent).toBe(10);
});

test("a service that was started anew counts its restarts from 0", () => {
  expect(sampleOf(reading({ restarts: 9 }), later({ restarts: 1 })).restarted).toBe(1);
});
