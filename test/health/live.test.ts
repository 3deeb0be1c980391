// The monitor with real servers and the real clock: a server that starts to hang, one slow to start, one that fails, one
// without HTTP.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { HealthSettings } from "../../src/config/health.ts";
import { type HealthOf, type Monitor, monitorOf } from "../../src/health/monitor.ts";
import type { StartInput } from "../../src/service/input.ts";
import { freePort, until } from "../harness.ts";
import { specOf } from "./watched.ts";

const settings: HealthSettings = { intervalMs: 200, timeoutMs: 150, unhealthyAfter: 3, healthyAfter: 1 };
const health = { kind: "path", path: "/up" } as const;

const changes = new Map<string, HealthOf["health"][]>();
const mood = { hangs: false, fails: false };
const closing: (() => void)[] = [];
let it: Monitor;

beforeAll(() => {
  it = monitorOf({
    settings,
    run: () => Promise.reject(new Error("no command was expected")),
    onChange: (name, now) => changes.set(name, [...(changes.get(name) ?? []), now.health]),
  });
  const timer = setInterval(() => it.turn(performance.now()), 20);
  closing.push(() => {
    clearInterval(timer);
    it.close();
  });
});
afterAll(() => {
  for (const close of closing) close();
});

const becomes = (name: string, wanted: HealthOf["health"]) =>
  until(() => it.of(name).health === wanted, { what: `${name} is ${wanted}`, timeoutMs: 4000 });

function watch(inputs: Record<string, Partial<StartInput>>): void {
  it.watch(Object.entries(inputs).map(([name, input]) => ({ spec: specOf(name, input), run: "1", startedAtMs: performance.now() })));
}

function serve(answer: () => Response | Promise<Response>, port = 0): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port, fetch: answer });
  closing.push(() => void server.stop(true));
  return server.port ?? 0;
}

test("servers that hang, fail or start slowly get the right health", async () => {
  const never = () => new Promise<Response>(() => {});
  const hanging = serve(() => (mood.hangs ? never() : new Response("ok")));
  const failing = serve(() => new Response("", { status: mood.fails ? 500 : 204 }));
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  closing.push(() => silent.stop(true));
  const late = freePort();
  watch({
    hanging: { port: hanging, health },
    failing: { port: failing, health },
    silent: { port: silent.port },
    late: { port: late, health, waitMs: 60_000 },
    gone: { port: freePort(), waitMs: 1 },
    plain: {},
  });

  for (const name of ["hanging", "failing", "silent"]) await becomes(name, "healthy");
  expect(it.of("silent").latencyMs).toBeGreaterThan(0);
  // When the service without a start grace has failed three times, the service with a start grace has failed as often.
  await becomes("gone", "unhealthy");
  expect(it.of("gone").reason).toContain("accepts no connection");
  expect(it.of("late")).toMatchObject({ health: "unknown", reason: expect.stringContaining("accepts no connection") });
  serve(() => new Response("up"), late);
  await becomes("late", "healthy");

  Object.assign(mood, { hangs: true, fails: true });
  const since = performance.now();
  await becomes("hanging", "unhealthy");
  await becomes("failing", "unhealthy");
  // The longest time until the service is unhealthy: a probe that runs already, then three more, each with its interval and its
  // timeout.
  expect(it.of("hanging").sinceMs - since).toBeLessThan(4 * (settings.intervalMs + settings.timeoutMs) + 5000);
  expect(it.of("hanging").reason).toContain("timeout after 150 ms");
  expect(it.of("failing").reason).toContain("answers with status 500");

  Object.assign(mood, { hangs: false, fails: false });
  await becomes("hanging", "healthy");
  await becomes("failing", "healthy");
  expect(Object.fromEntries(changes)).toEqual({
    hanging: ["healthy", "unhealthy", "healthy"],
    failing: ["healthy", "unhealthy", "healthy"],
    silent: ["healthy"],
    late: ["healthy"],
    gone: ["unhealthy"],
  });
  expect(it.of("plain")).toMatchObject({ health: "unknown", latencyMs: null, reason: null });
}, 120_000);

test("another process on the port does not count as the service while the service does not hold the socket", async () => {
  const stranger = Bun.listen({ hostname: "127.0.0.79", port: 0, socket: { data() {} } });
  closing.push(() => stranger.stop(true));
  const watched = { spec: specOf("own", { port: stranger.port, waitMs: 1 }), run: "1", startedAtMs: performance.now() };
  it.watch([{ ...watched, heldAmong: () => [] }]);
  await becomes("own", "unhealthy");
  it.watch([{ ...watched, heldAmong: (sockets) => sockets }]);
  await becomes("own", "healthy");
});
