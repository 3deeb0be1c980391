// The counts of requests over processes that come and go.
import { expect, test } from "bun:test";
import { RequestTally, type ToldRequests } from "../../src/agent/collect/tally.ts";
import type { AppFigures } from "../../src/injectors/exposition.ts";

const told = (id: string, requests: number, more: Partial<AppFigures> = {}, isFromStart = true): ToldRequests => ({
  id,
  told: { requests, errors: 0, buckets: new Map(), inFlight: null, lagMs: null, ...more },
  startedMs: 0,
  isFromStart,
});
const all = () => true;

test("a process is counted from its start, and each tick gets only what came since the tick before", () => {
  const tally = new RequestTally();
  expect(tally.take(true)).toBeNull();
  expect(tally.latest(0)).toBeNull();
  tally.answered([told("1", 10, { errors: 2 })], 5000, all);
  expect(tally.take(false)).toMatchObject({ requests: 10, requestErrors: 2 });
  expect(tally.take(true)).toMatchObject({ requests: 10, requestErrors: 2 });
  expect(tally.take(true)).toBeNull();
  tally.answered([told("1", 12, { errors: 2 })], 10_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 2, requestErrors: 0 });
  expect(tally.latest(10_000)).toEqual({
    requests: { perSecond: 0.4, errorPercent: 0, p50Ms: null, p95Ms: null },
    served: { count: 12, failed: 2 },
  });
  expect(tally.latest(10_001)).toBeNull();
});

test("requests that an earlier agent may have counted are the base, not a burst", () => {
  const tally = new RequestTally();
  tally.answered([told("1", 1_000_000, {}, false)], 5000, all);
  expect([tally.take(true), tally.latest(0)]).toEqual([null, null]);
  tally.answered([told("1", 1_000_007, {}, false)], 10_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 7 });
  expect(tally.latest(0)?.served.count).toBe(1_000_007);
  expect(tally.latest(0)?.requests.perSecond).toBe(1.4);
});

test("several processes count together; one that is silent for a while is not counted twice, one that ended stays in the total", () => {
  const tally = new RequestTally();
  tally.answered([told("1", 5, { inFlight: 1, lagMs: 3 }), told("2", 7, { inFlight: 2, lagMs: 9 })], 5000, all);
  expect(tally.take(true)).toMatchObject({ requests: 12, requestsInFlight: 3, eventLoopLagMs: 9 });
  tally.answered([told("1", 6)], 10_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 1 });
  tally.answered([told("1", 6), told("2", 8)], 15_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 1 });
  tally.answered([told("1", 7), told("3", 2)], 20_000, (id) => id !== "2");
  expect(tally.take(true)).toMatchObject({ requests: 3 });
  expect(tally.latest(0)?.served.count).toBe(7 + 8 + 2);
});

test("a process that missed a tick has its rate over the time since its own last answer", () => {
  const tally = new RequestTally();
  tally.answered([told("1", 0), told("2", 0)], 5000, all);
  tally.answered([told("1", 50)], 10_000, all);
  tally.answered([told("1", 100), told("2", 100)], 15_000, all);
  expect(tally.latest(0)?.requests.perSecond).toBe(20);
});

test("a count that falls starts again from 0, and a new run keeps what no tick has taken yet", () => {
  const tally = new RequestTally();
  tally.answered([told("1", 5)], 5000, all);
  tally.answered([told("1", 2)], 10_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 7 });
  tally.answered([told("1", 4)], 15_000, all);
  tally.begin();
  expect(tally.take(true)).toBeNull();
  expect(tally.latest(0)).toBeNull();
  tally.answered([told("9", 1)], 20_000, all);
  expect(tally.take(true)).toMatchObject({ requests: 3 });
  expect(tally.latest(0)?.served.count).toBe(1);
});

test("an app that lies about its errors has no more of them than requests", () => {
  const tally = new RequestTally();
  tally.answered([told("1", 10)], 5000, all);
  tally.answered([told("1", 11, { errors: 9 })], 10_000, all);
  expect(tally.latest(0)?.requests.errorPercent).toBe(100);
  expect(tally.take(true)).toMatchObject({ requests: 11, requestErrors: 1 });
});

test("the quantiles are those of the requests since the answer before", () => {
  const tally = new RequestTally();
  const buckets = (fast: number, slow: number) =>
    new Map([
      [0.01, fast],
      [1, fast + slow],
      [Number.POSITIVE_INFINITY, fast + slow],
    ]);
  tally.answered([told("1", 100, { buckets: buckets(0, 100) })], 5000, all);
  expect(tally.latest(0)?.requests.p95Ms).toBeGreaterThan(900);
  tally.answered([told("1", 200, { buckets: buckets(100, 100) })], 10_000, all);
  expect(tally.latest(0)?.requests).toEqual({ perSecond: 20, errorPercent: 0, p50Ms: 5, p95Ms: 9.5 });
});
