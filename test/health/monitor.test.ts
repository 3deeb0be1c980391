// Which service is probed when, and with which result: the test controls the clock and the end of each check.
import { expect, test } from "bun:test";
import { type HealthOf, monitorOf } from "../../src/health/monitor.ts";
import { until } from "../harness.ts";
import { settings, watchedOf } from "./watched.ts";

type Running = { name: string; end(isWell: boolean): Promise<void> };

function scene(maxRunning = 32, marginMs = 10_000, timeoutMs = settings.timeoutMs) {
  const clock = { nowMs: 0 };
  const running: Running[] = [];
  const changes: [string, HealthOf["health"]][] = [];
  const begun: string[] = [];
  const it = monitorOf({
    settings: { ...settings, timeoutMs },
    maxRunning,
    marginMs,
    now: () => clock.nowMs,
    onChange: (name, { health }) => changes.push([name, health]),
    run(_, command) {
      begun.push(command);
      const { promise, resolve } = Promise.withResolvers<{ exitCode: number; timedOut: boolean }>();
      const one: Running = {
        name: command,
        async end(isWell) {
          running.splice(running.indexOf(one), 1);
          resolve({ exitCode: isWell ? 0 : 1, timedOut: false });
          await Bun.sleep(0);
        },
      };
      running.push(one);
      return promise;
    },
  });
  const turnAt = (nowMs: number) => {
    clock.nowMs = nowMs;
    it.turn(nowMs);
  };
  return { it, clock, running, changes, begun, turnAt };
}

/** Runs a turn, and ends all probes that it started. */
async function round({ running, turnAt }: ReturnType<typeof scene>, nowMs: number, isWell: boolean): Promise<void> {
  turnAt(nowMs);
  while (running[0] !== undefined) await running[0].end(isWell);
}

test("failures during the start grace do not count; after it, three failures make the service unhealthy", async () => {
  const here = scene();
  here.it.watch([watchedOf("web")]);
  for (let second = 0; second < 30; second++) await round(here, second * 1000, false);
  expect(here.begun).toHaveLength(30);
  expect(here.it.of("web")).toMatchObject({ health: "unknown", reason: "the command exited with 1", latencyMs: null });
  await round(here, 29_900, true);
  await round(here, 30_000, true);
  expect(here.changes).toEqual([["web", "healthy"]]);
  for (let second = 31; second < 61; second++) await round(here, second * 1000, false);
  expect(here.changes).toEqual([
    ["web", "healthy"],
    ["web", "unhealthy"],
  ]);
  expect(here.begun.length).toBeWithin(33, 36);
});

test("the start grace is --wait, or half a minute where --wait is 0", async () => {
  const here = scene();
  here.it.watch([watchedOf("short", { waitMs: 2000 }), watchedOf("none", { waitMs: 0 })]);
  for (let second = 0; second < 80; second++) {
    await round(here, second * 1000, false);
    if (second === 2) expect(here.it.of("short").health).toBe("unknown");
  }
  expect(here.changes).toEqual([
    ["short", "unhealthy"],
    ["none", "unhealthy"],
  ]);
  expect(here.it.of("short").sinceMs).toBeWithin(12_000, 33_000);
  expect(here.it.of("none").sinceMs).toBeWithin(40_000, 61_000);
});

test("probes of the same service never overlap, even across runs", async () => {
  const here = scene();
  here.it.watch([watchedOf("web")]);
  for (let second = 0; second < 60; second++) here.turnAt(second * 1000);
  expect(here.running).toHaveLength(1);
  here.it.watch([watchedOf("web", {}, "2", 60_000)]);
  here.turnAt(61_000);
  expect(here.begun).toHaveLength(1);
  await here.running[0]?.end(true);
  expect(here.it.of("web").health).toBe("unknown");
  here.turnAt(62_000);
  await here.running[0]?.end(true);
  expect(here.it.of("web").health).toBe("healthy");
});

test("a new run of a service resets its health to unknown, and the change is reported", async () => {
  const here = scene();
  here.it.watch([watchedOf("web")]);
  await round(here, 0, true);
  here.it.watch([watchedOf("web", {}, "2", 5000)]);
  expect(here.it.of("web")).toEqual({ health: "unknown", latencyMs: null, reason: null, sinceMs: 0 });
  expect(here.changes).toEqual([
    ["web", "healthy"],
    ["web", "unknown"],
  ]);
});

test("changing the health check resets the health to unknown, and changing a limit does not", async () => {
  const here = scene();
  here.it.watch([watchedOf("web")]);
  await round(here, 0, true);
  here.it.watch([watchedOf("web", { memoryBytes: 1 << 30, waitMs: 1000 })]);
  expect(here.it.of("web").health).toBe("healthy");
  here.it.watch([watchedOf("web", { health: { kind: "cmd", command: "other" } })]);
  expect(here.it.of("web").health).toBe("unknown");
  here.turnAt(1000);
  expect(here.running.map(({ name }) => name)).toEqual(["other"]);
});

test("after a service is removed from the list, its health is unknown, and the result of its running probe is discarded", async () => {
  const here = scene();
  here.it.watch([watchedOf("web"), watchedOf("api")]);
  here.turnAt(0);
  here.it.watch([watchedOf("api")]);
  while (here.running[0] !== undefined) await here.running[0].end(true);
  expect([here.it.of("web").health, here.it.of("api").health]).toEqual(["unknown", "healthy"]);
  expect(here.changes).toEqual([["api", "healthy"]]);
});

test("at most a limited number of probes runs at once, the longest overdue first, and a hanging probe is not started again", async () => {
  const here = scene(2);
  here.it.watch([watchedOf("hangs"), watchedOf("a")]);
  here.turnAt(0);
  expect(here.begun).toEqual(["hangs", "a"]);
  here.clock.nowMs = 3000;
  here.it.watch(["hangs", "a", "b", "c"].map((name) => watchedOf(name)));
  here.turnAt(4000);
  expect(here.running).toHaveLength(2);
  here.clock.nowMs = 5000;
  await here.running[0]?.end(false);
  expect(here.begun).toEqual(["hangs", "a", "b"]);
  await here.running[0]?.end(true);
  expect(here.begun).toEqual(["hangs", "a", "b", "c"]);
  here.turnAt(6000);
  await here.running[0]?.end(true);
  expect(here.begun.slice(4)).toEqual(["hangs"]);
});

test("a probe that never ends frees its slot, counts as a failure, and is not started again until it has ended", async () => {
  const here = scene(1, 300, 200);
  here.it.watch([watchedOf("stuck", { waitMs: 1 }), watchedOf("web", { waitMs: 1 })]);
  here.turnAt(0);
  const [stuck] = here.running;
  expect(here.begun).toEqual(["stuck"]);
  await until(() => here.begun.includes("web"), { what: "its place is free" });
  expect(here.it.of("stuck").reason).toBe("the probe did not end within 500 ms");
  await here.running.at(-1)?.end(true);
  expect(here.it.of("web").health).toBe("healthy");
  for (let nowMs = 10_000; nowMs < 50_000; nowMs += 5000) {
    here.turnAt(nowMs);
    await Bun.sleep(0);
    for (const one of here.running.filter(({ name }) => name === "web")) await one.end(true);
  }
  expect(here.begun.filter((name) => name === "stuck")).toHaveLength(1);
  expect(here.it.of("stuck")).toMatchObject({ health: "unhealthy", reason: "the previous probe has not ended" });
  expect(here.changes).toEqual([
    ["web", "healthy"],
    ["stuck", "unhealthy"],
  ]);
  await stuck?.end(true);
  expect(here.it.of("stuck").health).toBe("unhealthy");
  for (const nowMs of [60_000, 70_000, 80_000]) await round(here, nowMs, true);
  expect(here.it.of("stuck").health).toBe("healthy");
});

test("a service without a check and without a port is not probed, and nothing is reported after close()", async () => {
  const here = scene();
  const { spec, ...run } = watchedOf("plain");
  here.it.watch([{ ...run, spec: { ...spec, health: null } }, watchedOf("web")]);
  here.turnAt(0);
  expect(here.begun).toEqual(["web"]);
  expect(here.it.of("plain").health).toBe("unknown");
  here.it.close();
  await here.running[0]?.end(true);
  expect(here.changes).toEqual([]);
});

test("a round over a thousand services that are not due starts no probe and takes a few milliseconds at most", async () => {
  const here = scene(1000);
  const watched = Array.from({ length: 1000 }, (_, i) => watchedOf(`service-${i}`));
  here.it.watch(watched);
  await round(here, 0, true);
  expect(here.begun).toHaveLength(1000);
  const takenMs = Array.from({ length: 50 }, () => {
    const began = performance.now();
    here.it.watch(watched);
    here.it.turn(1);
    return performance.now() - began;
  }).sort((a, b) => a - b);
  expect(here.begun).toHaveLength(1000);
  expect(takenMs[25] ?? Number.NaN).toBeLessThan(10);
});
