// The short case of the proof on readers: one that is stopped while services change.
import { expect, test } from "bun:test";
import { stoppedReader } from "./readers.ts";

test("a reader under SIGSTOP gets a snapshot after SIGCONT, and goes on", async () => {
  const { hasResumed, growthMb } = await stoppedReader(300, 2);
  expect(hasResumed).toBe(true);
  expect(growthMb).toBeLessThan(100);
}, 120_000);
