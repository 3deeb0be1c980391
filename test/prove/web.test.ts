// The short case of the proof on the web server: it answers at the pace of the requests, and keeps nothing of clients that have gone.
import { expect, test } from "bun:test";
import { reconnects, slowestOf } from "./web.ts";

test("the built server answers 50 requests a second with all services in each answer", async () => {
  // On a machine that does much else; the proof measures on a quiet one.
  expect(await slowestOf(50, 2)).toBeLessThan(10_000);
}, 60_000);

test("clients that reconnect leave no file descriptors behind", async () => {
  const { before, after } = await reconnects(5, 40);
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
}, 60_000);
