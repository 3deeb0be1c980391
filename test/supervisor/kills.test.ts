// The short case of `npm run prove -- kills`.
import { afterAll, expect, test } from "bun:test";
import { Place } from "./bs9.ts";
import { killing } from "./killing.ts";

const place = new Place();
afterAll(() => place.down());

test("a supervisor that is killed at random moments leaves no service twice, none behind, and no wrong answer", async () => {
  const { kills, ...toll } = await killing(place, { services: 6, rounds: 4, seed: 9 });
  expect(toll).toEqual({ rounds: 4, doubles: 0, orphans: 0, wrong: 0, refusals: 0, troubles: [] });
  expect(kills).toBeGreaterThan(0);
}, 240_000);
