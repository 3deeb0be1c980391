// The requirements on every Backend, as one suite; where backends differ, a case expects what their capabilities promise.
import { afterAll, beforeAll, test } from "bun:test";
import { defining } from "./define.ts";
import { exact } from "./exact.ts";
import { life } from "./life.ts";
import { logs } from "./logs.ts";
import { restarts } from "./restarts.ts";
import { type Place, Stage } from "./stage.ts";
import { truth } from "./truth.ts";

const cases: Record<string, (stage: Stage) => Promise<void>> = { ...defining, ...life, ...restarts, ...logs, ...exact, ...truth };

export const caseNames = Object.keys(cases);

export function conform(name: string, open: () => Promise<Place>): void {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.down());
  for (const [what, run] of Object.entries(cases))
    test(`${name}: ${what}`, async () => {
      const stage = new Stage(place);
      try {
        await run(stage);
      } finally {
        await stage.clear();
      }
    });
}
