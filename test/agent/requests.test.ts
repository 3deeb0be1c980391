// The questions of the agent to real processes: to one that answers, to one that is silent, and to one that writes nonsense.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RequestsCollector } from "../../src/agent/collect/requests.ts";
import type { Known } from "../../src/agent/collect/services.ts";
import { startTimeOf } from "../../src/base/proc.ts";
import { tempDir, until } from "../harness.ts";
import { specNamed } from "../spec.ts";

/** A process with a socket as the preload makes it; its argument is what it answers. */
const script = `
const [dir, answer] = process.argv.slice(-2);
require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", () => {
    require("node:fs").appendFileSync(dir + "/asked", "x");
    if (answer !== "silent") socket.end("HTTP/1.1 200 OK\\r\\n\\r\\n" + answer);
  });
}).listen(dir + "/" + process.pid + ".sock");
`;
const inject = { by: "preload", version: "1" } as const;
let home: string;
let children: Bun.Subprocess[];
let collector: RequestsCollector;
beforeEach(() => {
  home = tempDir();
  children = [];
  collector = new RequestsCollector({
    backend: { socketFolder: (name) => join(home, name) },
    now: Date.now,
    countedUntilMs: Promise.resolve(0),
  });
});
afterEach(async () => {
  collector.close();
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  rmSync(home, { recursive: true, force: true });
});

const asked = (name: string): number => Bun.file(join(home, name, "asked")).size;

async function up(name: string, answer: string, more: Partial<Known["spec"]> = {}): Promise<Known> {
  mkdirSync(join(home, name), { recursive: true });
  const child = Bun.spawn([process.execPath, "-e", script, join(home, name), answer], { stdio: ["ignore", "ignore", "inherit"] });
  children.push(child);
  await until(
    () =>
      Bun.file(join(home, name, `${child.pid}.sock`))
        .stat()
        .then(
          () => true,
          () => false,
        ),
    { what: "its socket is there" },
  );
  const nothing = { restarts: 0, end: null, cpu: null, waits: null, wanted: true };
  const group = { kind: "processes" as const, pids: [child.pid] };
  const reading = { ...nothing, name, unit: name, state: "active" as const, mainPid: child.pid, group };
  const spec = specNamed(name, { inject, ...more });
  const limits = { memoryBytes: null, cpuPercent: null, tasks: null, files: null };
  const startTicks = Number(startTimeOf(child.pid));
  return { spec, reading, verdict: "off", isolation: null, limits, startTicks };
}

test("a tick returns at once, and a later one takes what was told; a service without an answer has no figures", async () => {
  const good = await up("good", "http_requests_total 7\n");
  const silent = await up("silent", "silent");
  const odd = await up("odd", "<html>");
  const left = await up("left", "http_requests_total 7\n", { inject: { by: "none", why: "option" } });
  const all = [silent, odd, left, good];
  const beganMs = performance.now();
  collector.ask(all);
  expect(performance.now() - beganMs).toBeLessThan(50);
  await until(() => collector.latest(good, 60_000) !== null, { what: "good has answered" });
  expect(collector.take("good", true)).toMatchObject({ requests: 7, requestErrors: 0, requestP95Ms: null });
  expect(collector.take("good", true)).toBeNull();
  for (const known of [silent, odd, left]) {
    expect(collector.latest(known, 60_000)).toBeNull();
    expect(collector.take(known.spec.name, true)).toBeNull();
  }
  expect([asked("silent"), asked("left")]).toEqual([1, 0]);
  // A service that is still asked is not asked a second time.
  collector.ask(all);
  await until(() => collector.latest(good, 60_000)?.served.count === 7 && asked("good") === 2, { what: "good was asked again" });
  expect(asked("silent")).toBe(1);
});

test("a service that never answers is asked less and less often", async () => {
  const odd = await up("odd", "<html>");
  for (let ticks = 0; ticks < 40; ticks++) {
    collector.ask([odd]);
    await Bun.sleep(10);
  }
  expect(asked("odd")).toBeGreaterThan(3);
  expect(asked("odd")).toBeLessThan(14);
});

test("the figures of a run end with it, and those of a service that is gone are forgotten", async () => {
  const good = await up("good", "http_requests_total 7\n");
  collector.ask([good]);
  await until(() => collector.latest(good, 60_000) !== null, { what: "it has answered" });
  const next = { ...good, startTicks: 1 };
  expect(collector.latest(next, 60_000)).toBeNull();
  collector.ask([]);
  expect(collector.latest(good, 60_000)).toBeNull();
});

test("a process that does not answer takes no figures of the other processes of its service", async () => {
  const silent = await up("mixed", "silent");
  const good = await up("mixed", "http_requests_total 7\n");
  const pids = [silent, good].map(({ reading }) => reading.mainPid as number);
  const both: Known = { ...good, reading: { ...good.reading, group: { kind: "processes", pids } } };
  collector.ask([both]);
  await until(() => collector.latest(both, 60_000)?.served.count === 7, { what: "the figures of the good process are there" });
});
