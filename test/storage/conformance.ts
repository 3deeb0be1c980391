// Tests that every storage must pass, whatever it is made of: they use only the interface.
import { describe, expect, test } from "bun:test";
import { hostName } from "../../src/metrics/subject.ts";
import { forgetting } from "./forgetting.ts";
import { moments } from "./moments.ts";
import { beginMs, hostSample, intervalMs, sample } from "./samples.ts";
import { all, always, answers, isRising, type Place, stage, times, total } from "./scene.ts";

const hourMs = 3_600_000;

export function conformance(name: string, makePlace: () => Place): void {
  const begin = stage(makePlace);

  forgetting(name, begin);
  moments(name, begin);

  describe(name, () => {
    test("a new storage answers every query with nothing", async () => {
      const { storage } = await begin();
      expect(await storage.newest(null)).toBeNull();
      expect(await storage.services()).toEqual([]);
      expect(await storage.series("web", always, 5000)).toEqual([]);
      expect(await all(storage.rows(always, null))).toEqual([]);
      expect(await storage.watches("web", always)).toEqual([]);
      expect(storage.notices()).toEqual([]);
    });

    test("a sample is read as it was stored, nulls included", async () => {
      const { storage, ticks } = await begin();
      const one = sample("web", 7, { cpuPercent: null, memoryBytes: 123_456_789_012, restarts: 4, state: "failed", health: "unknown" });
      await ticks(1, () => [one, sample("db", 1)]);
      const { service, ...rest } = one;
      const newest = await storage.newest(null);
      expect(newest?.atMs).toBe(beginMs);
      expect([...(newest?.points.keys() ?? [])].sort()).toEqual(["db", service]);
      const expected = { ...rest, atMs: beginMs, samples: 1, cpuPercentMin: null, cpuPercentMax: null, memoryBytesMax: one.memoryBytes };
      expect(newest?.points.get("web")).toMatchObject(expected);
      expect(await storage.newest("web")).toEqual({
        ...{ atMs: beginMs, intervalMs },
        points: new Map([...(newest?.points ?? [])].filter(([name]) => name === "web")),
      });
      expect((await storage.newest("nobody"))?.points.size).toBe(0);
      expect(await storage.series("web", always, intervalMs)).toMatchObject([expected]);
    });

    test("a range of time includes samples at its begin and excludes samples at its end", async () => {
      const { storage, ticks } = await begin();
      await ticks(10);
      const found = await storage.series("s1", { fromMs: beginMs + 2 * intervalMs, toMs: beginMs + 5 * intervalMs }, intervalMs);
      expect(found.map(({ ioReadBytes }) => ioReadBytes)).toEqual([2, 3, 4]);
      expect(await storage.series("nobody", always, intervalMs)).toEqual([]);
    });

    test.each([60_000, 600_000, 3_600_000, 1_800_000])(
      "steps of %d ms have the mean, the sum, the last value and the extremes of their samples",
      async (stepMs) => {
        const { storage, ticks } = await begin({ raw: { snapshots: 100 } });
        const count = await ticks(1700);
        const steps = await storage.series("s2", always, stepMs);
        expect(steps.map(({ atMs }) => atMs)).toEqual(
          Array.from({ length: Math.ceil((count * intervalMs) / stepMs) }, (_, i) => beginMs + i * stepMs),
        );
        for (const [i, step] of steps.entries()) {
          const perStep = stepMs / intervalMs;
          const of = Array.from({ length: Math.min(perStep, count - i * perStep) }, (_, k) => sample("s2", i * perStep + k + 1));
          const cpu = of.map(({ cpuPercent }) => cpuPercent ?? Number.NaN);
          expect(step.samples).toBe(of.length);
          expect(step.elapsedMs).toBe(of.length * intervalMs);
          expect(step.cpuPercent).toBeCloseTo(cpu.reduce((a, b) => a + b, 0) / of.length, 3);
          expect([step.cpuPercentMin, step.cpuPercentMax]).toEqual([Math.min(...cpu), Math.max(...cpu)]);
          expect(step.ioReadBytes).toBe(of.reduce((sum, one) => sum + (one.ioReadBytes ?? 0), 0));
          expect([step.latencyMsMin, step.latencyMsMax, step.openFiles, step.state]).toEqual([1, 4, null, "active"]);
        }
      },
    );

    test("the host is stored and folded by its own figures, and is not listed as a service", async () => {
      const { storage, ticks } = await begin({ raw: { snapshots: 100 } });
      const count = await ticks(1700);
      expect(await storage.services()).toEqual(["s1", "s2", "s3"]);
      const { elapsedMs, ...last } = hostSample(count - 1);
      const newest = await storage.newest(hostName);
      expect(newest?.points.get(hostName)).toEqual({
        ...{ ...last, elapsedMs, atMs: beginMs + (count - 1) * intervalMs, samples: 1 },
        ...{ cpuPercentMin: last.cpuPercent, cpuPercentMax: last.cpuPercent, load1Min: last.load1, load1Max: last.load1 },
        ...{ memoryBytesMin: last.memoryBytes, memoryBytesMax: last.memoryBytes },
        ...{ memoryPercentMin: last.memoryPercent, memoryPercentMax: last.memoryPercent },
      });
      const rows = await all(storage.rows(always, hostName));
      expect(new Set(rows.map(({ service, state }) => [service, state].join()))).toEqual(new Set([`${hostName},`]));
      expect(total(rows, "samples")).toBe(count);
      for (const [i, step] of (await storage.series(hostName, always, 600_000)).slice(0, -1).entries()) {
        const of = Array.from({ length: 120 }, (_, k) => hostSample(i * 120 + k));
        const values = (name: "netSentBytes" | "load1") => of.map((one) => one[name] ?? Number.NaN);
        expect(step.netSentBytes).toBe(values("netSentBytes").reduce((a, b) => a + b, 0));
        expect([step.load1Min, step.load1Max, step.cores]).toEqual([
          Math.min(...values("load1")),
          Math.max(...values("load1")),
          of.at(-1)?.cores,
        ]);
        expect(step.ioPressurePercent).toBeNull();
      }
    });

    test("a series has no steps for a time without samples", async () => {
      const { storage, ticks, clock } = await begin();
      await ticks(24);
      clock.nowMs += 10 * 60_000;
      await ticks(24);
      const minutes = (await storage.series("s1", always, 60_000)).map(({ atMs }) => (atMs - beginMs) / 60_000);
      expect(minutes).toEqual([0, 1, 12, 13]);
    });

    test("data is still there after the storage is closed and opened again", async () => {
      const it = await begin();
      await it.ticks(300);
      const before = await answers(it.storage);
      await it.reopen();
      expect(await answers(it.storage)).toEqual(before);
      await it.ticks(300);
      const whole = await all(it.storage.rows(always, "s1"));
      expect(total(whole, "samples")).toBe(600);
      expect(whole.map(({ ioReadBytes }) => ioReadBytes)).toEqual(Array.from({ length: 600 }, (_, i) => i));
    });

    test.each([hourMs, -hourMs, -50 * 60_000, -7000, 26_000])(
      "a clock that is set by %d ms makes no sample count twice and no figure negative",
      async (jumpMs) => {
        const { storage, ticks, clock } = await begin({ raw: { snapshots: 5000 } });
        await ticks(1500);
        clock.nowMs += jumpMs;
        await ticks(1500);
        const labelled = new Set([...times(0, 1500), ...times(1500 * intervalMs + jumpMs, 1500)]);
        for (const stepMs of [intervalMs, 60_000, 600_000, hourMs]) {
          const steps = await storage.series("s1", always, stepMs);
          expect(isRising(steps)).toBe(true);
          // No step contains more samples than fit into its length, and no step has a negative figure.
          for (const { elapsedMs, ioReadBytes, samples } of steps) {
            expect(elapsedMs).toBeLessThanOrEqual(stepMs + intervalMs);
            expect(Math.min(ioReadBytes ?? 0, elapsedMs ?? 0)).toBeGreaterThanOrEqual(0);
            expect(samples).toBeLessThanOrEqual(Math.ceil(stepMs / intervalMs) + 1);
          }
          expect(total(steps, "samples")).toBeLessThanOrEqual(labelled.size + 1);
        }
        const rows = await all(storage.rows(always, "s1"));
        expect(isRising(rows)).toBe(true);
        // Where times repeat, the sample that was stored later counts.
        const last = rows.find(({ atMs }) => atMs === clock.nowMs - intervalMs);
        expect(last?.ioReadBytes).toBe(2999);
        expect((await storage.newest(null))?.atMs).toBe(clock.nowMs - intervalMs);
      },
    );

    test("samples that were stored while the clock showed 1970 do not hide other samples", async () => {
      const it = await begin();
      await it.ticks(200);
      const { nowMs } = it.clock;
      it.clock.nowMs = 1000;
      await it.ticks(5);
      it.clock.nowMs = nowMs + 60_000;
      await it.ticks(200);
      const recent = { fromMs: beginMs, toMs: always.toMs };
      expect(total(await it.storage.series("s1", recent, intervalMs), "samples")).toBe(400);
      expect(total(await it.storage.series("s1", recent, 60_000), "samples")).toBe(400);
    });

    test("rows are read service by service in order of time, for one service or for all", async () => {
      const { storage, ticks } = await begin();
      await ticks(30);
      const range = { fromMs: beginMs + 60_000, toMs: beginMs + 120_000 };
      const rows = await all(storage.rows(range, null));
      expect(rows.map(({ service }) => service)).toEqual(["s1", "s2", "s3"].flatMap((service) => Array<string>(12).fill(service)));
      const second = await all(storage.rows(range, "s2"));
      expect(second).toEqual(rows.slice(12, 24));
      expect(second.map(({ ioReadBytes }) => ioReadBytes)).toEqual(Array.from({ length: 12 }, (_, i) => i + 13));
      expect(await all(storage.rows(range, "nobody"))).toEqual([]);
    });

    test("a service keeps its data after it is gone, and a new one begins with its first sample", async () => {
      const { storage, ticks } = await begin();
      await ticks(100, (n) => [
        ...(n < 50 ? [sample("old", n)] : []),
        sample("it's; DROP TABLE service", n),
        ...(n < 50 ? [] : [sample("new", n)]),
      ]);
      expect(await storage.services()).toEqual(["it's; DROP TABLE service", "new", "old"]);
      expect((await storage.series("old", always, intervalMs)).length).toBe(50);
      expect((await storage.series("new", always, intervalMs))[0]?.atMs).toBe(beginMs + 50 * intervalMs);
      expect([...((await storage.newest(null))?.points.keys() ?? [])].sort()).toEqual(["it's; DROP TABLE service", "new"]);
      const [watch] = await storage.watches("old", always);
      expect(watch?.seen.map(({ atMs, state }) => [(atMs - beginMs) / intervalMs, state])).toEqual([
        [0, "active"],
        [50, null],
      ]);
    });

    test("a new process begins a new watch (time without a gap), however quickly it follows the previous process", async () => {
      const it = await begin();
      await it.ticks(3, () => [sample("web", 0)]);
      await it.reopen();
      await it.ticks(3, () => [sample("web", 0)]);
      const told = (await it.storage.watches("web", always)).map(({ fromMs, toMs, seen }) => [
        fromMs - beginMs,
        toMs - beginMs,
        seen.length,
      ]);
      expect(told).toEqual([
        [0, 2 * intervalMs, 1],
        [3 * intervalMs, 5 * intervalMs, 1],
      ]);
    });

    test("each change of state is stored once, whether a tick finds it or the backend reports it", async () => {
      const it = await begin();
      await it.ticks(2, () => [sample("web", 0)]);
      const signalMs = it.clock.nowMs - 3000;
      const failed = { service: "web", atMs: signalMs, state: "failed", health: "unknown", restarts: 0 } as const;
      expect(await it.storage.observe([failed, failed])).toEqual({ stored: true });
      await it.ticks(1, () => [sample("web", 0, { state: "failed", health: "unknown" })]);
      await it.ticks(2, () => [sample("web", 0, { restarts: 1 })]);
      const expected = [
        { fromMs: beginMs, toMs: beginMs + 4 * intervalMs },
        [
          { atMs: beginMs, state: "active", health: "healthy", restarts: 0 },
          { atMs: signalMs, state: "failed", health: "unknown", restarts: 0 },
          { atMs: beginMs + 3 * intervalMs, state: "active", health: "healthy", restarts: 1 },
        ],
      ];
      const told = async () => (await it.storage.watches("web", always)).map(({ seen, ...range }) => [range, seen]);
      expect<unknown>(await told()).toEqual([expected]);
      await it.reopen();
      expect<unknown>(await told()).toEqual([expected]);
      // After a gap another watch (time without a gap) begins, in which the state of each service is stored again.
      it.clock.nowMs += hourMs;
      await it.ticks(2, () => [sample("web", 0, { restarts: 1 })]);
      expect((await it.storage.watches("web", always)).map(({ seen }) => seen.length)).toEqual([3, 1]);
      expect((await it.storage.watches("web", { fromMs: it.clock.nowMs - hourMs / 2, toMs: always.toMs })).length).toBe(1);
    });
  });
}
