// kill -9 at random moments: metrics.db stays whole. `npm run prove -- storage-kills` has 200 rounds of it.
import { expect, test } from "bun:test";
import { killWhileAppending } from "./killed.ts";

test("a kill -9 while ticks are stored breaks nothing and loses no tick that was reported", async () => {
  const { rows, mostUnreported, ...faults } = await killWhileAppending(12);
  expect(faults).toEqual({ broken: 0, lost: 0, distorted: 0 });
  expect(mostUnreported).toBeLessThanOrEqual(1);
  for (const { ticks, stored } of rows) expect(ticks).toBe(stored);
});
