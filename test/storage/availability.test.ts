// Availability computed from the states that were seen: each row is one case, with times in seconds.
import { expect, test } from "bun:test";
import type { Health, State } from "../../src/metrics/sample.ts";
import { availability } from "../../src/storage/availability.ts";
import type { WatchedSpan } from "../../src/storage/storage.ts";

type Look = [seconds: number, state: State | null, restarts?: number | null, health?: Health];

function watch(from: number, to: number, ...looks: Look[]): WatchedSpan {
  return {
    fromMs: from * 1000,
    toMs: to * 1000,
    seen: looks.map(([at, state, restarts = 0, health = "unknown"]) => ({ atMs: at * 1000, state, health, restarts })),
  };
}

const uncounted: WatchedSpan = {
  fromMs: 0,
  toMs: 100_000,
  seen: (
    [
      [0, "active"],
      [50, "deactivating"],
      [58, "activating"],
      [60, "active"],
    ] as const
  ).map(([at, state]) => ({
    ...{ atMs: at * 1000, state },
    ...{ health: "unknown", restarts: null },
  })),
};

const stories: [string, WatchedSpan[], Record<string, number | null>][] = [
  ["time that nobody watched is unknown", [], { upMs: 0, unknownMs: 100_000, uptimeRatio: null, meanRecoveryMs: null }],
  ["a service that was active all the time was up", [watch(0, 100, [0, "active"])], { upMs: 100_000, unknownMs: 0, uptimeRatio: 1 }],
  [
    "time without an agent is unknown, not up",
    [watch(0, 40, [0, "active"]), watch(60, 100, [60, "active"])],
    { upMs: 80_000, unknownMs: 20_000, uptimeRatio: 1 },
  ],
  [
    "a failure and the return are one outage",
    [watch(0, 100, [0, "active"], [50, "failed"], [58, "activating", 1], [60, "active", 1])],
    { upMs: 90_000, downMs: 10_000, uptimeRatio: 0.9, recoveries: 1, meanRecoveryMs: 10_000 },
  ],
  [
    "the mean time to recover covers a crash and an unhealthy time",
    [watch(0, 100, [0, "active"], [10, "activating", 1], [14, "active", 1], [50, "active", 1, "unhealthy"], [56, "active", 1, "healthy"])],
    { downMs: 10_000, recoveries: 2, meanRecoveryMs: 5000 },
  ],
  [
    "an outage that has not ended is not a recovery",
    [watch(0, 100, [0, "active"], [75, "failed"])],
    { downMs: 25_000, uptimeRatio: 0.75, recoveries: 0, meanRecoveryMs: null },
  ],
  [
    "an outage that ended while nobody watched is not a recovery",
    [watch(0, 50, [0, "active"], [40, "failed"]), watch(60, 100, [60, "active"])],
    { downMs: 10_000, unknownMs: 10_000, recoveries: 0, meanRecoveryMs: null },
  ],
  [
    "a stop by the user and the start after it are neither up nor down",
    [watch(0, 100, [0, "active"], [20, "deactivating"], [21, "inactive"], [60, "activating"], [65, "active"])],
    { upMs: 55_000, downMs: 0, stoppedMs: 45_000, uptimeRatio: 1, recoveries: 0 },
  ],
  [
    "a service restarted for its health is down until it is active again",
    [
      watch(
        0,
        100,
        ...([
          [0, "active", 0, "healthy"],
          [40, "active", 0, "unhealthy"],
          [50, "deactivating", 0, "unhealthy"],
        ] satisfies Look[]),
        ...([
          [55, "inactive"],
          [55, "activating", 1],
          [60, "active", 1],
        ] satisfies Look[]),
      ),
    ],
    { upMs: 80_000, downMs: 20_000, stoppedMs: 0, uptimeRatio: 0.8, recoveries: 1, meanRecoveryMs: 20_000 },
  ],
  [
    "a crash whose remaining processes end slowly is an outage",
    [watch(0, 100, [0, "active", 2], [50, "deactivating", 2], [58, "activating", 3], [60, "active", 3])],
    { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 1, meanRecoveryMs: 10_000 },
  ],
  [
    "such a crash is an outage whether the restart is counted with the first change or with the last",
    [
      watch(0, 50, [0, "active"], [10, "deactivating", 1], [14, "inactive", 1], [14, "activating", 1], [15, "active", 1]),
      watch(50, 100, [50, "active", 1], [60, "deactivating", 1], [64, "activating", 1], [65, "active", 2]),
    ],
    { downMs: 10_000, stoppedMs: 0, recoveries: 2, meanRecoveryMs: 5000 },
  ],
  [
    "a restart for health is one outage as systemd reports it: unknown health first, inactive in between",
    [
      watch(
        0,
        100,
        ...([
          [0, "active", 0, "healthy"],
          [40, "active", 0, "unhealthy"],
          [50, "active"],
          [50, "deactivating"],
        ] satisfies Look[]),
        ...([
          [54, "inactive", 1],
          [54.013, "activating", 1],
          [55, "active", 1],
          [56, "active", 1, "healthy"],
        ] satisfies Look[]),
      ),
    ],
    { upMs: 85_000, downMs: 15_000, stoppedMs: 0, recoveries: 1, meanRecoveryMs: 15_000 },
  ],
  [
    "a crash is one outage as systemd reports it: failed, and inactive in between",
    [
      watch(
        0,
        100,
        ...([
          [0, "active"],
          [50, "failed", 1],
          [50, "activating", 1],
          [55, "inactive", 1],
        ] satisfies Look[]),
        ...([
          [55.01, "activating", 1],
          [56, "active", 1],
        ] satisfies Look[]),
      ),
    ],
    { upMs: 94_000, downMs: 6000, stoppedMs: 0, recoveries: 1, meanRecoveryMs: 6000 },
  ],
  [
    "an unhealthy service counts as up again once its health check is removed",
    [watch(0, 100, [0, "active", 0, "unhealthy"], [50, "active"], [80, "deactivating"], [81, "inactive"])],
    { upMs: 30_000, downMs: 50_000, stoppedMs: 20_000 },
  ],
  [
    "a stop during the wait for a restart ends the outage",
    [watch(0, 100, [0, "active"], [50, "failed", 1], [50, "activating", 1], [55, "inactive", 1])],
    { upMs: 50_000, downMs: 5000, stoppedMs: 45_000, recoveries: 0 },
  ],
  [
    "a restart in progress that is already counted is an outage",
    [watch(0, 100, [0, "active"], [90, "deactivating"], [95, "activating", 1])],
    { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 0 },
  ],
  [
    "stopping that ends as failed is an outage, not a stop",
    [watch(0, 100, [0, "active"], [80, "deactivating"], [90, "failed"])],
    { upMs: 80_000, downMs: 20_000, stoppedMs: 0 },
  ],
  [
    "a restart by the user is a stop, whatever restarts were counted before",
    [watch(0, 100, [0, "active", 7], [50, "deactivating", 7], [55, "inactive", 7], [55, "activating"], [60, "active"])],
    { upMs: 90_000, downMs: 0, stoppedMs: 10_000, recoveries: 0 },
  ],
  [
    "a restart by the user is a stop also under the supervisor, which never reports inactive",
    [watch(0, 100, [0, "active", 1], [50, "deactivating"], [58, "activating"], [60, "active"])],
    { upMs: 90_000, downMs: 0, stoppedMs: 10_000, recoveries: 0 },
  ],
  ["a restart without a restart counter is an outage", [uncounted], { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 1 }],
  [
    "a crash during the start after a stop is down time, but not a recovery",
    [watch(0, 100, [0, "active"], [20, "deactivating"], [21, "inactive"], [60, "activating"], [62, "activating", 1], [65, "active", 1])],
    { upMs: 55_000, downMs: 3000, stoppedMs: 42_000, recoveries: 0 },
  ],
  [
    "a service last seen while stopping counts as stopped",
    [watch(0, 100, [0, "active"], [95, "deactivating"])],
    { upMs: 95_000, downMs: 0, stoppedMs: 5000, uptimeRatio: 1 },
  ],
  [
    "an unhealthy service that is then stopped was down, then stopped",
    [watch(0, 100, [0, "active", 0, "unhealthy"], [50, "deactivating"], [60, "inactive"])],
    { downMs: 50_000, stoppedMs: 50_000 },
  ],
  [
    "time before and after the service existed is unknown",
    [watch(0, 100, [30, "active"], [80, null])],
    { upMs: 50_000, unknownMs: 50_000 },
  ],
  ["only the given range counts", [watch(-100, 300, [-100, "failed"], [-50, "active", 3], [150, "failed"])], { upMs: 100_000 }],
  [
    "where the clock was set back, the later watch counts, and no time counts twice",
    [watch(0, 80, [0, "active"]), watch(20, 100, [20, "failed"])],
    { upMs: 20_000, downMs: 80_000, unknownMs: 0, uptimeRatio: 0.2 },
  ],
];

test.each(stories)("%s", (_, watches, expected) => {
  const found = availability(watches, { fromMs: 0, toMs: 100_000 });
  expect(found).toMatchObject(expected);
  expect(found.upMs + found.downMs + found.stoppedMs + found.unknownMs).toBe(100_000);
});
