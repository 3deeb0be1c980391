// `bs9 run` by hand or by an init: it takes over running services, finds its project file, and reports what happens to its
// services.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { isRunning } from "../conformance/stage.ts";
import { freePort, until } from "../harness.ts";
import { Place } from "./bs9.ts";

const place = new Place();
type Foreground = { pid: number; out(): string; ended(): Promise<number> };
const running: Foreground[] = [];

beforeAll(() => place.furnish());
afterEach(async () => {
  for (const one of running.splice(0)) await one.ended();
  await place.bs9("delete", "all", "--yes");
  await until(() => place.supervisor() === null, { what: "no supervisor is left" });
});
afterAll(() => place.down());

function foreground(...words: string[]): Foreground {
  const child = place.run(["run", "--port", "0", ...words]);
  let text = "";
  const read = (async () => {
    for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
  })();
  const one = {
    pid: child.pid,
    out: () => text,
    async ended() {
      child.kill("SIGTERM");
      const code = await child.exited;
      await read;
      return code;
    },
  };
  running.push(one);
  return one;
}

test("run takes over the services of a background supervisor with their pids, and refuses to replace a foreground supervisor", async () => {
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  const [before, background] = [await place.pidOf("web"), place.supervisor() ?? -1];
  const run = foreground();
  await until(() => run.out().includes(`web taken over, pid ${before}\n`), { what: "web is taken over" });
  expect(isRunning(background)).toBe(false);
  expect(place.supervisor()).toBe(run.pid);
  expect(await place.statusOf("web")).toMatchObject({ state: "active", pid: before, restarts: 0 });
  const second = place.run(["run", "--port", "0"]);
  expect(await second.exited).toBe(1);
  expect(await new Response(second.stderr).text()).toContain("another supervisor is running here");
  expect(await place.statusOf("web")).toMatchObject({ state: "active", pid: before });
  expect(await run.ended()).toBe(0);
  expect(isRunning(before)).toBe(false);
}, 240_000);

test("run that is killed and started again takes over from the supervisor that a command started meanwhile", async () => {
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  const before = await place.pidOf("web");
  for (let i = 0; i < 2; i++) {
    const run = foreground();
    await until(() => run.out().includes("web taken over"), { what: "web is taken over" });
    process.kill(run.pid, "SIGKILL");
    await until(() => !isRunning(run.pid), { what: "it is killed" });
    // Starts a supervisor in the background.
    expect(await place.pidOf("web")).toBe(before);
    expect(place.supervisor()).not.toBeNull();
  }
}, 240_000);

test("run uses the bs9.toml of its directory, and writes each start, end and restart as a line of JSON", async () => {
  place.write("crash/run.sh", "#!/bin/sh\n[ -e crash/again ] && exec sleep 1000\ntouch crash/again\nexit 3\n");
  Bun.spawnSync(["chmod", "755", `${place.folder}/crash/run.sh`]);
  place.write("bs9.toml", '[services.crash]\nentry = "crash/run.sh"\ncwd = "."\nsandbox = "off"\n');
  const run = foreground("--json");
  const lines = () =>
    run
      .out()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  await until(() => lines().length === 3, { what: "it has crashed and is up again" });
  const [started, ended, restarted] = lines();
  expect([started, ended, restarted]).toEqual([
    {
      at: expect.any(String),
      service: "crash",
      event: "started",
      pid: expect.any(Number),
      exitStatus: null,
      signal: null,
      reason: null,
      nextStartAt: null,
    },
    {
      at: expect.any(String),
      service: "crash",
      event: "ended",
      pid: started.pid,
      exitStatus: 3,
      signal: null,
      reason: "exited with 3",
      nextStartAt: ended.at,
    },
    { ...started, at: expect.any(String), event: "restarted", pid: restarted.pid },
  ]);
  expect(restarted.pid).toBe(await place.pidOf("crash"));
  process.kill(restarted.pid, "SIGKILL");
  await until(() => lines()[3]?.signal === "SIGKILL", { what: "the signal is told" });
  expect(Date.parse(lines()[3].nextStartAt)).toBeGreaterThan(Date.parse(lines()[3].at));
  expect(await run.ended()).toBe(0);
  Bun.spawnSync(["rm", `${place.folder}/bs9.toml`]);
}, 240_000);
