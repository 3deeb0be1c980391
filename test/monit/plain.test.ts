// The lines of monit --plain.
import { expect, test } from "bun:test";
import type { Terminal } from "../../src/base/terminal.ts";
import type { Deps } from "../../src/lifecycle/deps.ts";
import { followPlain, plainLines } from "../../src/monit/plain.ts";
import type { ModelEvent } from "../../src/status/events.ts";
import { alert, nowMs, Scene, service, snapshotOf, usual } from "./scene.ts";

async function printed(events: ModelEvent[]): Promise<string[]> {
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), flow: async () => true } as unknown as Terminal;
  const deps = {
    signal: new AbortController().signal,
    now: () => nowMs,
    model: {
      async *follow() {
        yield* events;
      },
    },
  } as unknown as Deps;
  await followPlain(deps, terminal, 1000);
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""));
}

const change = (reason: string | null, atMs: number): ModelEvent => ({
  kind: "change",
  atMs,
  observed: service("web", { health: reason === null ? "healthy" : "unhealthy", reason }),
  passed: [],
});

test("a line is repeated when something happens, and not because time passes", async () => {
  const stopped = (age: string): ModelEvent => ({
    kind: "change",
    atMs: nowMs,
    observed: service("web", { state: "inactive", health: null, reason: `stopped by alice ${age} ago` }),
    passed: [],
  });
  const lines = await printed([
    { kind: "snapshot", snapshot: snapshotOf([service("web")]) },
    change("unhealthy for 4s: GET / answers 503", nowMs + 1000),
    change("unhealthy for 5s: GET / answers 503", nowMs + 2000),
    change("unhealthy for 1m2s: GET / answers 503", nowMs + 3000),
    change("unhealthy for 1m3s: GET / answers 404", nowMs + 4000),
    change(null, nowMs + 5000),
    stopped("4s"),
    stopped("3d4h"),
  ]);
  expect(lines.slice(1)).toEqual([
    "web: active, unhealthy: unhealthy for 4s: GET / answers 503",
    "web: active, unhealthy: unhealthy for 1m3s: GET / answers 404",
    "web: active, healthy",
    "web: inactive: stopped by alice 4s ago",
  ]);
});

test("an alert is told when it fires, when somebody acknowledges it, and when it is over or silenced", async () => {
  const alerts = (...list: ReturnType<typeof alert>[]): ModelEvent => ({ kind: "alert", atMs: nowMs, alerts: list });
  const [web, api] = [alert("web"), alert("api", { sentence: "api: \x1b[2Jmemory 97 %" })];
  const lines = await printed([
    { kind: "snapshot", snapshot: { ...snapshotOf([service("web")]), alerts: [web] } },
    alerts(web, alert("db", { state: "pending" })),
    alerts(web, api),
    alerts({ ...web, ackedBy: "alice" }, { ...api, isSilenced: true }),
    alerts(),
  ]);
  expect(lines.slice(1)).toEqual([
    "alert: web: cpu 97 %, above 90 % for 10 s",
    "alert: api: \\x1b[2Jmemory 97 %",
    "alert: web: cpu 97 %, above 90 % for 10 s, acknowledged by alice",
    "alert silenced: api: \\x1b[2Jmemory 97 %",
    "alert over: web: cpu 97 %, above 90 % for 10 s",
  ]);
});

test("a stored moment is printed with its time, its width, its services and the alerts that fired then", () => {
  const scene = new Scene(usual).keys("[");
  const atMs = scene.model.travel.wantedMs ?? 0;
  const moment = { atMs, widthMs: 5000, services: [service("web", { uptimeMs: null })], host: null, alerts: [alert("web")] };
  scene.take({ kind: "moment", askedMs: atMs, direction: -1, moment });
  const lines = plainLines(scene.model);
  expect(lines[0]).toMatch(/^at .*12:04:2\d for 5s$/);
  expect(lines.slice(1)).toEqual(["1. web: active, healthy, cpu 0.7%, memory 42M", "alert: web: cpu 97 %, above 90 % for 10 s"]);
});
