// The short case of the proof on readers: a reader that is stopped while services change.
import { expect, test } from "bun:test";
import { stoppedReader } from "./readers.ts";

test("a reader that was stopped by SIGSTOP gets a snapshot after SIGCONT, and continues", async () => {
  // There is so much to tell of each service that the reader falls behind within seconds.
  const { hasResumed, growthMb } = await stoppedReader(50, 2, 40_000);
  expect(hasResumed).toBe(true);
  expect(growthMb).toBeLessThan(100);
}, 120_000);
