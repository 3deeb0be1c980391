// kill -9 at random moments does not damage metrics.db. `npm run prove -- storage-kills` repeats it 200 times.
import { expect, test } from "bun:test";
import { killWhileAppending } from "./killed.ts";

test("a kill -9 while ticks are stored damages nothing and loses no tick that was reported as stored", async () => {
  const { rows, mostUnreported, ...faults } = await killWhileAppending(12);
  expect(faults).toEqual({ broken: 0, lost: 0, distorted: 0 });
  expect(mostUnreported).toBeLessThanOrEqual(1);
  for (const { ticks, stored } of rows) expect(ticks).toBe(stored);
});
