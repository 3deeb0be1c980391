// The short case of the proof on readers: one that is stopped while services change.
import { expect, test } from "bun:test";
import { stoppedReader } from "./readers.ts";

test("a reader under SIGSTOP gets a snapshot after SIGCONT, and goes on", async () => {
  // So many that the reader falls behind within seconds.
  const { hasResumed, growthMb } = await stoppedReader(1000, 2);
  expect(hasResumed).toBe(true);
  expect(growthMb).toBeLessThan(100);
}, 120_000);
