// A pause can be ended early by `wake`, during a wait or between two waits.
import { expect, test } from "bun:test";
import { Pause } from "../../src/agent/pause.ts";

/** Long enough that a wait which is not ended early fails the test. */
const longMs = 600_000;

test("wake() called between two waits ends the next wait", async () => {
  const pause = new Pause();
  const waiting = pause.wait(longMs);
  pause.wake();
  expect(await waiting).toBe(true);
  pause.wake();
  expect(await pause.wait(longMs)).toBe(true);
  // wake() has ended one wait, and does not end a second one.
  expect(await pause.wait(0)).toBe(false);
  // After a wait that ended by its time, a later wake() still ends the next wait.
  pause.wake();
  expect(await pause.wait(longMs)).toBe(true);
});

test("after end() was called, every wait of a pause resolves at once", async () => {
  const pause = new Pause();
  const waiting = pause.wait(longMs);
  pause.end();
  expect(await waiting).toBe(false);
  expect(await pause.wait(longMs)).toBe(false);
  expect(pause.isEnded).toBe(true);
});
