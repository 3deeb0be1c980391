// How the figures of requests become one figure for a longer time.
import { expect, test } from "bun:test";
import { blockFrom, pointAt } from "../../src/storage/block.ts";
import { layoutOn } from "../../src/storage/columns.ts";
import { fold } from "../../src/storage/fold.ts";
import { beginMs, intervalMs, sample } from "./samples.ts";

test("requests and errors are added, and of the quantiles and the lag the greatest counts", () => {
  const parts = [
    { requests: 100, requestErrors: 3, requestP50Ms: 1, requestP95Ms: 8, requestsInFlight: 2, eventLoopLagMs: 4 },
    { requests: 0, requestErrors: 0, requestP50Ms: null, requestP95Ms: null, requestsInFlight: 0, eventLoopLagMs: 0.5 },
    {},
    { requests: 7, requestErrors: 0, requestP50Ms: 2, requestP95Ms: 3, requestsInFlight: 1, eventLoopLagMs: 1 },
  ].map((figures, n) => sample("web", n, figures));
  const times = Float64Array.from(parts, (_, n) => beginMs + n * intervalMs);
  const block = blockFrom(layoutOn("service", 0), times, parts);
  const minute = fold("service", [{ block, targets: new Int32Array(parts.length) }], Float64Array.of(beginMs));
  expect(pointAt(minute, 0, beginMs)).toMatchObject({
    requests: 107,
    requestErrors: 3,
    requestP50Ms: 2,
    requestP95Ms: 8,
    requestsInFlight: 1,
    eventLoopLagMs: 4,
    samples: 4,
  });
  // A coarser level folds what is folded already.
  const hour = fold("service", [{ block: minute, targets: new Int32Array(1) }], Float64Array.of(beginMs));
  expect(pointAt(hour, 0, beginMs)).toMatchObject({ requests: 107, requestP95Ms: 8, requestsInFlight: 1 });
});
