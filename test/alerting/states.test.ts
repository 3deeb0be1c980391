// The table of states, and how events are grouped into messages.
import { describe, expect, test } from "bun:test";
import { emptyOutbox, posted } from "../../src/alerting/evaluation/outbox.ts";
import { type Condition, type Phase, stepOf } from "../../src/alerting/evaluation/states.ts";
import type { AlertEvent } from "../../src/alerting/message.ts";

describe("the table of states", () => {
  const firing: Phase = { state: "firing", sinceMs: 0 };
  const pending: Phase = { state: "pending", sinceMs: 0 };
  const clearing: Phase = { state: "clearing", sinceMs: 0 };
  test.each<[Phase | null, Condition | "gone", number, Phase["state"] | null, "firing" | "resolved" | null]>([
    [null, "breached", 0, "pending", null],
    [null, "unknown", 0, null, null],
    [null, "between", 0, null, null],
    [null, "clear", 0, null, null],
    [pending, "breached", 9999, "pending", null],
    [pending, "breached", 10_000, "firing", "firing"],
    [pending, "between", 5000, null, null],
    [pending, "clear", 5000, null, null],
    [pending, "unknown", 99_999, "pending", null],
    [pending, "gone", 5000, null, null],
    [firing, "breached", 99_999, "firing", null],
    [firing, "between", 99_999, "firing", null],
    [firing, "unknown", 99_999, "firing", null],
    [firing, "clear", 99_999, "clearing", null],
    [firing, "gone", 0, null, "resolved"],
    [clearing, "clear", 9999, "clearing", null],
    [clearing, "clear", 10_000, null, "resolved"],
    [clearing, "unknown", 99_999, "clearing", null],
    [clearing, "between", 5000, "firing", null],
    [clearing, "breached", 5000, "firing", null],
    [clearing, "gone", 5000, null, "resolved"],
  ])("%j, %s at %i ms leads to %p and tells %p", (before, condition, nowMs, next, tell) => {
    const step = stepOf(before, condition, { nowMs, forMs: 10_000 });
    expect([step.phase?.state ?? null, step.tell]).toEqual([next, tell]);
  });

  test("without a `for` a condition fires and resolves at once", () => {
    expect(stepOf(null, "breached", { nowMs: 5, forMs: 0 })).toEqual({ phase: { state: "firing", sinceMs: 5 }, tell: "firing" });
    expect(stepOf(firing, "clear", { nowMs: 5, forMs: 0 }).tell).toBe("resolved");
  });
});

const event = (n: number): AlertEvent => ({
  id: `e${n}`,
  rule: "failed",
  kind: "firing",
  subject: `s${n}`,
  severity: "critical",
  atMs: 0,
  sinceMs: 0,
  value: null,
  threshold: null,
  unit: null,
  sentence: "",
});

test("an event goes out at once, and the events of the next five seconds together", () => {
  const first = posted(emptyOutbox, [event(1)], 1000);
  expect(first.due.map((one) => one.length)).toEqual([1]);
  const second = posted(first.outbox, [event(2)], 1100);
  const third = posted(second.outbox, [event(3), event(4)], 5999);
  expect([...second.due, ...third.due]).toEqual([]);
  const flushed = posted(third.outbox, [], 6000);
  expect(flushed.due.map((one) => one.map(({ id }) => id))).toEqual([["e2", "e3", "e4"]]);
  expect(posted(flushed.outbox, [event(5)], 6001).due).toEqual([]);
  expect(posted(posted(flushed.outbox, [], 11_000).outbox, [event(6)], 11_001).due).toHaveLength(1);
});

test("200 services that fail within two seconds make at most five messages", () => {
  let outbox = emptyOutbox;
  const sent: AlertEvent[][] = [];
  for (let nowMs = 0; nowMs <= 20_000; nowMs += 10) {
    const events = nowMs < 2000 ? [event(nowMs / 10)] : [];
    const step = posted(outbox, events, nowMs);
    outbox = step.outbox;
    sent.push(...step.due);
  }
  expect(sent.flat()).toHaveLength(200);
  expect(sent.length).toBeLessThanOrEqual(5);
});
