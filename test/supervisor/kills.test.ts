// The short case of `npm run prove -- kills`.
import { afterAll, expect, test } from "bun:test";
import { Place } from "./bs9.ts";
import { killing } from "./killing.ts";

const place = new Place();
afterAll(() => place.down());

test("killing the supervisor at random moments never runs a service twice, leaves no process behind and gives no wrong answer", async () => {
  const { kills, ...toll } = await killing(place, { services: 6, rounds: 4, seed: 9 });
  expect(toll).toEqual({ rounds: 4, doubles: 0, orphans: 0, wrong: 0, refusals: 0, troubles: [] });
  expect(kills).toBeGreaterThan(0);
}, 240_000);
