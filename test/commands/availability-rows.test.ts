// The rows about availability are short, and never show a service as better than it was.
import { expect, test } from "bun:test";
import { availabilityRows } from "../../src/commands/availability-rows.ts";
import type { Available } from "../../src/lifecycle/stored.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 0, 31);

function over(spanMs: number, more: Partial<Available> = {}): Available {
  const nothing = { upMs: spanMs, downMs: 0, stoppedMs: 0, unknownMs: 0, recoveries: 0, meanRecoveryMs: null };
  return { since: new Date(nowMs - spanMs).toISOString(), uptimeRatio: 1, ...nothing, ...more };
}

const bad = { uptimeRatio: 0.99985, recoveries: 2, meanRecoveryMs: 1300, unknownMs: 3 * hourMs };

test.each<[string, Available, Available, string[]]>([
  [
    "a whole month",
    over(dayMs, bad),
    over(30 * dayMs),
    ["24 h: 99.98% up, down 2 times, back in 1.3 s on average; unknown 3h", "30 d: 100% up"],
  ],
  ["younger than a month", over(dayMs), over(3 * dayMs), ["24 h: 100% up", "since 3d ago: 100% up"]],
  ["younger than a day has a single row", over(hourMs), over(hourMs), ["since 1h ago: 100% up"]],
  [
    "down once",
    over(hourMs, { uptimeRatio: 0.5, recoveries: 1, meanRecoveryMs: 20_000 }),
    over(hourMs),
    ["since 1h ago: 50% up, down once, back in 20.0 s"],
  ],
  [
    "time that nobody watched is unknown",
    over(hourMs, { uptimeRatio: null, unknownMs: hourMs }),
    over(hourMs),
    ["since 1h ago: unknown 1h"],
  ],
  [
    "stopped, and unknown before",
    over(hourMs, { uptimeRatio: null, stoppedMs: hourMs / 2, unknownMs: hourMs / 2 }),
    over(hourMs),
    ["since 1h ago: stopped 30m; unknown 30m"],
  ],
  ["the time since the last tick does not count as a gap", over(hourMs, { unknownMs: 4000 }), over(hourMs), ["since 1h ago: 100% up"]],
  ["too young for any figure", over(1000, { uptimeRatio: null, upMs: 0 }), over(1000), ["since 1s ago: nothing is known yet"]],
])("%s", (_, day, month, rows) => expect(availabilityRows({ day, month }, nowMs)).toEqual(rows));

test.each([
  [1, "100%"],
  [1 - 1e-12, "99.999%"],
  [1 - 1 / (30 * dayMs), "99.999%"],
  [0.99999, "99.999%"],
  [0.99995, "99.995%"],
  [0.9999, "99.99%"],
  [0.99989999, "99.98%"],
  [0.999, "99.9%"],
  [0.29, "29%"],
  [0.5, "50%"],
  [0.00001, "less than 0.01%"],
  [0, "0%"],
])("%p up is %s", (uptimeRatio, text) => {
  const one = over(hourMs, { uptimeRatio });
  expect(availabilityRows({ day: one, month: one }, nowMs)).toEqual([`since 1h ago: ${text} up`]);
});
