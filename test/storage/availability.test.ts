// Availability out of what was seen: each row is a story, in seconds.
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
  ["nobody watched", [], { upMs: 0, unknownMs: 100_000, uptimeRatio: null, meanRecoveryMs: null }],
  ["up all the time", [watch(0, 100, [0, "active"])], { upMs: 100_000, unknownMs: 0, uptimeRatio: 1 }],
  [
    "the agent was away: unknown, not up",
    [watch(0, 40, [0, "active"]), watch(60, 100, [60, "active"])],
    { upMs: 80_000, unknownMs: 20_000, uptimeRatio: 1 },
  ],
  [
    "failed, and came back",
    [watch(0, 100, [0, "active"], [50, "failed"], [58, "activating", 1], [60, "active", 1])],
    { upMs: 90_000, downMs: 10_000, uptimeRatio: 0.9, recoveries: 1, meanRecoveryMs: 10_000 },
  ],
  [
    "two outages",
    [watch(0, 100, [0, "active"], [10, "activating", 1], [14, "active", 1], [50, "active", 1, "unhealthy"], [56, "active", 1, "healthy"])],
    { downMs: 10_000, recoveries: 2, meanRecoveryMs: 5000 },
  ],
  [
    "down and not back yet",
    [watch(0, 100, [0, "active"], [75, "failed"])],
    { downMs: 25_000, uptimeRatio: 0.75, recoveries: 0, meanRecoveryMs: null },
  ],
  [
    "back while nobody watched: how fast is not known",
    [watch(0, 50, [0, "active"], [40, "failed"]), watch(60, 100, [60, "active"])],
    { downMs: 10_000, unknownMs: 10_000, recoveries: 0, meanRecoveryMs: null },
  ],
  [
    "stopped by somebody is neither, nor is starting after it",
    [watch(0, 100, [0, "active"], [20, "deactivating"], [21, "inactive"], [60, "activating"], [65, "active"])],
    { upMs: 55_000, downMs: 0, stoppedMs: 45_000, uptimeRatio: 1, recoveries: 0 },
  ],
  [
    "restarted for the sake of its health: down until it is back",
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
    "a crash whose leftovers take their time",
    [watch(0, 100, [0, "active", 2], [50, "deactivating", 2], [58, "activating", 3], [60, "active", 3])],
    { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 1, meanRecoveryMs: 10_000 },
  ],
  [
    "the same, the restarts told with the first change or with the last",
    [
      watch(0, 50, [0, "active"], [10, "deactivating", 1], [14, "inactive", 1], [14, "activating", 1], [15, "active", 1]),
      watch(50, 100, [50, "active", 1], [60, "deactivating", 1], [64, "activating", 1], [65, "active", 2]),
    ],
    { downMs: 10_000, stoppedMs: 0, recoveries: 2, meanRecoveryMs: 5000 },
  ],
  [
    "the same, as systemd tells it: nothing known of its health before it leaves, inactive in between",
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
    "a crash, as systemd tells it: failed, and inactive in between",
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
    "its health is not looked at any more: up again",
    [watch(0, 100, [0, "active", 0, "unhealthy"], [50, "active"], [80, "deactivating"], [81, "inactive"])],
    { upMs: 30_000, downMs: 50_000, stoppedMs: 20_000 },
  ],
  [
    "stopped while it waits to be restarted",
    [watch(0, 100, [0, "active"], [50, "failed", 1], [50, "activating", 1], [55, "inactive", 1])],
    { upMs: 50_000, downMs: 5000, stoppedMs: 45_000, recoveries: 0 },
  ],
  [
    "on its way to a restart that is counted already",
    [watch(0, 100, [0, "active"], [90, "deactivating"], [95, "activating", 1])],
    { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 0 },
  ],
  [
    "ends in failed: no stop",
    [watch(0, 100, [0, "active"], [80, "deactivating"], [90, "failed"])],
    { upMs: 80_000, downMs: 20_000, stoppedMs: 0 },
  ],
  [
    "restarted by somebody is a stop, whatever was counted before",
    [watch(0, 100, [0, "active", 7], [50, "deactivating", 7], [55, "inactive", 7], [55, "activating"], [60, "active"])],
    { upMs: 90_000, downMs: 0, stoppedMs: 10_000, recoveries: 0 },
  ],
  [
    "the same, as the supervisor tells it: never inactive",
    [watch(0, 100, [0, "active", 1], [50, "deactivating"], [58, "activating"], [60, "active"])],
    { upMs: 90_000, downMs: 0, stoppedMs: 10_000, recoveries: 0 },
  ],
  ["ended and came back, and nobody counts: down", [uncounted], { upMs: 90_000, downMs: 10_000, stoppedMs: 0, recoveries: 1 }],
  [
    "stopped for a while, and it crashed as it was started again",
    [watch(0, 100, [0, "active"], [20, "deactivating"], [21, "inactive"], [60, "activating"], [62, "activating", 1], [65, "active", 1])],
    { upMs: 55_000, downMs: 3000, stoppedMs: 42_000, recoveries: 0 },
  ],
  [
    "not done with ending when it was last seen",
    [watch(0, 100, [0, "active"], [95, "deactivating"])],
    { upMs: 95_000, downMs: 0, stoppedMs: 5000, uptimeRatio: 1 },
  ],
  [
    "unhealthy, and then stopped",
    [watch(0, 100, [0, "active", 0, "unhealthy"], [50, "deactivating"], [60, "inactive"])],
    { downMs: 50_000, stoppedMs: 50_000 },
  ],
  ["not there before and after", [watch(0, 100, [30, "active"], [80, null])], { upMs: 50_000, unknownMs: 50_000 }],
  ["only what lies within", [watch(-100, 300, [-100, "failed"], [-50, "active", 3], [150, "failed"])], { upMs: 100_000 }],
  [
    "a clock set back: what was seen later counts, once",
    [watch(0, 80, [0, "active"]), watch(20, 100, [20, "failed"])],
    { upMs: 20_000, downMs: 80_000, unknownMs: 0, uptimeRatio: 0.2 },
  ],
];

test.each(stories)("%s", (_, watches, expected) => {
  const found = availability(watches, { fromMs: 0, toMs: 100_000 });
  expect(found).toMatchObject(expected);
  expect(found.upMs + found.downMs + found.stoppedMs + found.unknownMs).toBe(100_000);
});
