// The part of the conformance tests on all services at one moment.
import { describe, expect, test } from "bun:test";
import { beginMs, intervalMs } from "./samples.ts";
import type { stage } from "./scene.ts";

export function moments(name: string, begin: ReturnType<typeof stage>): void {
  describe(`${name}, moments`, () => {
    test.each([intervalMs, 60_000])(
      "the moments of a range have every service as its own series has it, in steps of %d ms",
      async (stepMs) => {
        const { storage, ticks } = await begin();
        await ticks(120);
        const range = { fromMs: beginMs + 60_000, toMs: beginMs + 480_000 };
        const rows = await storage.moments(range, stepMs);
        for (const name of await storage.services()) {
          const points = rows.filter(({ service }) => service === name).map(({ service: _, ...point }) => point);
          const once = new Map(points.map((point) => [point.atMs, point]));
          expect([...once.values()].sort((a, b) => a.atMs - b.atMs)).toEqual(await storage.series(name, range, stepMs));
        }
        expect(new Set(rows.map(({ service }) => service))).toEqual(new Set(await storage.services()));
      },
    );
  });
}
