// A short case of the proof `inject`.
import { expect, test } from "bun:test";
import { growthMb } from "./inject.ts";

test("the memory of an app with the preload does not grow with the number of its requests", async () => {
  expect(await growthMb(60_000)).toBeLessThan(10);
}, 120_000);
