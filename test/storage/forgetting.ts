// The part of the conformance tests on what a storage keeps and what it deletes.
import { describe, expect, test } from "bun:test";
import { beginMs, sample } from "./samples.ts";
import { all, always, isRising, samplesFrom, type stage, total } from "./scene.ts";

const hourMs = 3_600_000;

export function forgetting(name: string, begin: ReturnType<typeof stage>): void {
  describe(`${name}, retention`, () => {
    test("each level of the history keeps its newest samples, and a query returns each sample once", async () => {
      const keep = { snapshots: 120 };
      const { storage, ticks } = await begin({ raw: keep, minutes: keep, tens: keep });
      const count = await ticks(3000);
      for (let i = 0; i < 50; i++) await storage.turn();
      const rows = await all(storage.rows(always, "s3"));
      expect(isRising(rows)).toBe(true);
      expect(total(rows, "samples")).toBe(count);
      expect(total(rows, "ioReadBytes")).toBe(total(samplesFrom(count, 2), "ioReadBytes"));
      const single = rows.filter(({ samples }) => samples === 1).length;
      expect(single).toBeGreaterThanOrEqual(120 - 12);
      // A storage may keep a few samples more, because it deletes them in chunks.
      expect(single).toBeLessThanOrEqual(120 + 100);
      expect(rows[0]?.samples).toBe(120);
    });

    test("samples older than the configured age are deleted", async () => {
      const { storage, ticks } = await begin({ raw: { ageMs: 10 * 60_000 } });
      await ticks(900);
      const single = (await all(storage.rows(always, "s1"))).filter(({ samples }) => samples === 1);
      expect(single.length).toBeGreaterThanOrEqual(120 - 12);
      expect(single.length).toBeLessThanOrEqual(120 + 100);
    });

    test("old samples are deleted even if no process runs for long", async () => {
      const it = await begin({ raw: { ageMs: 10 * 60_000 } });
      for (let i = 0; i < 15; i++) {
        await it.ticks(120);
        await it.reopen();
      }
      await it.ticks(1);
      const single = (await all(it.storage.rows(always, "s1"))).filter(({ samples }) => samples === 1);
      expect(single.length).toBeGreaterThanOrEqual(120 - 12);
      // The hour that must be watched before data expires, and the limit from the test above.
      expect(single.length).toBeLessThanOrEqual(900 + 220);
    });

    test("a clock that is a year ahead for some minutes deletes nothing", async () => {
      const age = { ageMs: 3 * hourMs };
      const it = await begin({ raw: age, minutes: age, tens: age, hours: age });
      await it.ticks(1000, (n) => [...(n < 500 ? [sample("old", n)] : []), sample("s1", n)]);
      const range = { fromMs: beginMs, toMs: it.clock.nowMs };
      const told = async () => [
        await it.storage.services(),
        ...(await Promise.all(["s1", "old"].map((service) => it.storage.watches(service, range)))),
        ...(await Promise.all(["s1", "old"].map((service) => it.storage.series(service, range, 600_000)))),
      ];
      const before = await told();
      const yearMs = 365 * 24 * hourMs;
      it.clock.nowMs += yearMs;
      await it.ticks(100);
      it.clock.nowMs -= yearMs;
      await it.ticks(100);
      expect((await told()).slice(1)).toEqual(before.slice(1));
      expect(await it.storage.services()).toEqual(["old", "s1", "s2", "s3"]);
    });
  });
}
