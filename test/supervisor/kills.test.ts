// The short case of `npm run prove -- kills`.
import { afterAll, expect, test } from "bun:test";
import { Place } from "./bs9.ts";
import { killing } from "./killing.ts";

const place = new Place();
afterAll(() => place.down());

test("when the supervisor is killed at random moments, no service runs twice, no process is left behind and no command gives a wrong answer", async () => {
  const { kills, ...toll } = await killing(place, { services: 6, rounds: 4, seed: 9 });
  expect(toll).toEqual({ rounds: 4, doubles: 0, orphans: 0, wrong: 0, refusals: 0, troubles: [] });
  expect(kills).toBeGreaterThan(0);
}, 240_000);
