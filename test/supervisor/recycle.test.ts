// An unhealthy service, and what may happen while it is asked to end: its timeout, other acts, the end of the supervisor.
import { afterAll, afterEach, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { pathsOf } from "../../src/base/paths.ts";
import { Records } from "../../src/supervisor/record.ts";
import { SupervisorBackend } from "../../src/supervisor/supervisor.ts";
import { isRunning } from "../conformance/stage.ts";
import { binary, until } from "../harness.ts";
import { Place } from "./bs9.ts";

const place = new Place();
const paths = pathsOf(place.env);
const records = new Records(paths.state);
const backend = new SupervisorBackend(paths, { program: binary() });

afterEach(() => place.bs9("delete", "all", "--yes"));
afterAll(() => place.down());

const specOf = (name: string) => {
  const record = records.get(name);
  if (record === null) throw new Error(`${name} is not defined`);
  return record.spec;
};
const recycle = (name: string) => backend.recycle(specOf(name), "port 1 accepts no connection");
const read = async (name: string) => (await backend.read([name]))[0];
const runs = (name: string, isIt: (pid: number, restarts: number | null) => boolean) =>
  until(
    async () => {
      const reading = await read(name);
      return reading?.state === "active" && reading.mainPid !== null && isIt(reading.mainPid, reading.restarts) ? reading.mainPid : null;
    },
    { what: `${name} runs`, timeoutMs: 15_000 },
  );
const lifeOf = (name: string) => records.get(name)?.state;

/** Starts a script that reports when it is ready; returns its pid. */
async function start(name: string, script: string, ...options: string[]): Promise<number> {
  place.write(`${name}/run.sh`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(place.folder, `${name}/run.sh`), 0o755);
  const { code, stderr } = await place.bs9("start", `${name}/run.sh`, "--name", name, ...options);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  await until(() => place.read(`${name}/ready`), { what: `${name} can hear` });
  return runs(name, () => true);
}

/** Ignores SIGTERM in its first run only, so that cleaning up is fast. */
const deaf = "[ -e ready ] || trap 'echo heard >>heard' TERM\necho >>ready\nwhile :; do sleep 0.05; done";

test("an unhealthy service that ignores SIGTERM is killed after its stop timeout and restarted, and its log says why", async () => {
  const before = await start("deaf", deaf, "--stop-timeout", "1s");
  const began = performance.now();
  await recycle("deaf");
  // The command only requests the restart.
  expect(performance.now() - began).toBeLessThan(900);
  expect([lifeOf("deaf"), (await read("deaf"))?.state]).toEqual(["recycling", "deactivating"]);
  // A second request has no effect.
  await recycle("deaf");
  await runs("deaf", (pid, restarts) => pid !== before && restarts === 1);
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(place.read("deaf/heard")).toBe("heard\n");
  const said = (await place.bs9("logs", "deaf")).stdout;
  expect(said.split("bs9: it is unhealthy, so it is restarted: port 1 accepts no connection").length).toBe(2);
  expect(said).toContain("bs9: did not stop in time, so it is killed");
}, 120_000);

test.each([
  ["stop", "inactive"],
  ["restart", "active"],
] as const)(
  "a %s of the user during a recycling takes precedence",
  async (act, state) => {
    const name = `slow-${act}`;
    const before = await start(name, deaf, "--stop-timeout", "2s");
    await recycle(name);
    expect(lifeOf(name)).toBe("recycling");
    expect((await place.bs9(act, name)).code).toBe(0);
    expect(isRunning(before)).toBe(false);
    expect(await place.statusOf(name)).toMatchObject({ state, restarts: 0 });
    expect(place.read(`${name}/heard`)).toBe("heard\n");
  },
  120_000,
);

test("an unhealthy service that exits cleanly is restarted, although only the policy always restarts after a clean exit", async () => {
  const before = await start("polite", "trap 'exit 0' TERM\necho >>ready\nwhile :; do sleep 0.05; done");
  await recycle("polite");
  await runs("polite", (pid, restarts) => pid !== before && restarts === 1);
}, 120_000);

test("if the supervisor dies during a recycling, the next one ends the service, counts one restart and starts it again", async () => {
  const before = await start("left", deaf, "--stop-timeout", "2s");
  await recycle("left");
  process.kill((await until(() => place.supervisor(), { what: "a supervisor" })) ?? -1, "SIGKILL");
  await until(() => place.supervisor() === null, { what: "it is gone" });
  expect([isRunning(before), lifeOf("left")]).toEqual([true, "recycling"]);
  await place.bs9("status");
  expect(await runs("left", (pid, restarts) => pid !== before && restarts === 1)).not.toBe(before);
  expect(isRunning(before)).toBe(false);
}, 120_000);

test("if the supervisor dies during a recycling and the service ends meanwhile, the next one starts it and counts one restart", async () => {
  const before = await start("alone", deaf, "--stop-timeout", "20s");
  await recycle("alone");
  process.kill((await until(() => place.supervisor(), { what: "a supervisor" })) ?? -1, "SIGKILL");
  await until(() => place.supervisor() === null, { what: "it is gone" });
  process.kill(before, "SIGKILL");
  await until(() => !isRunning(before), { what: "it has ended" });
  await place.bs9("status");
  await runs("alone", (pid, restarts) => pid !== before && restarts === 1);
}, 120_000);

test("if the supervisor is told to end during a recycling, the next one starts the service", async () => {
  const before = await start("asked", deaf, "--stop-timeout", "1s");
  await recycle("asked");
  process.kill((await until(() => place.supervisor(), { what: "a supervisor" })) ?? -1, "SIGTERM");
  await until(() => place.supervisor() === null, { what: "it is gone" });
  expect(isRunning(before)).toBe(false);
  await place.bs9("status");
  await runs("asked", (pid) => pid !== before);
}, 120_000);
