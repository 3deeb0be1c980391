// The row `requests` of describe.
import { expect, test } from "bun:test";
import { requestsLine } from "../../src/commands/figure-rows.ts";
import type { Description } from "../../src/lifecycle/describe.ts";

const row = (requests: Description["status"]["requests"], served: Description["served"] = null) =>
  requestsLine({ status: { requests } as Description["status"], served });

test("durations are shown as estimates, and one above the last bound of the histogram as too long", () => {
  expect(row({ perSecond: 2, errorPercent: 0, p50Ms: 4.2, p95Ms: null })).toBe(
    "2/s, errors (5xx) 0%, p50 about 4.2 ms, p95 too long to estimate",
  );
});

test("without a request since the previous tick only the total is shown", () => {
  const requests = { perSecond: 0, errorPercent: null, p50Ms: null, p95Ms: null };
  expect(row(requests, { count: 7, failed: 1 })).toBe("0/s; 7 since its processes started, 1 of them errors");
  expect(row(null, { count: 7, failed: 1 })).toBeNull();
});
