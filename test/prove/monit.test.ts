// A short case of the proof of monit's cost; the full one has a target for each figure.
import { expect, test } from "bun:test";
import { withServices } from "./monit.ts";

test("monit with 300 services answers keys, and its memory stays below 90 MB", async () => {
  const { rssMb, cpuPercent, slowestMs } = await withServices(300, 3, 10);
  expect(rssMb).toBeLessThan(90);
  // The targets are for a machine without other load; these bounds find a dashboard that redraws everything or hangs.
  expect(cpuPercent).toBeLessThan(60);
  expect(slowestMs).toBeLessThan(2000);
}, 120_000);
