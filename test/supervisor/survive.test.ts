// A supervisor that is killed, and one that is PID 1: which processes end with it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../../src/base/proc.ts";
import { freePort, until } from "../harness.ts";
import { answers, Place } from "./bs9.ts";
import { killSupervisor, Load, names, startFive } from "./loaded.ts";

const place = new Place();

beforeAll(() => place.furnish());
afterAll(() => place.down());

test("kill -9 of the supervisor under load: no request fails, pids stay, logs are complete, and the next command restores control", async () => {
  const ports = await startFive(place);
  const pids = () => Promise.all(names.map((name) => place.pidOf(name)));
  const before = await pids();
  const load = new Load(ports.values());
  await killSupervisor(place, load);
  expect(await pids()).toEqual(before);
  await load.stop();
  expect(load.failed).toBe(0);
  // The new supervisor is in control: it notices the end of a service, and starts it again.
  process.kill(before[0] ?? -1, "SIGKILL");
  await until(async () => (await place.statusOf("one")).restarts === 1, { what: "its end is seen" });
  await until(answers(ports.get("one") ?? 0), { what: "it serves again" });
  expect((await place.bs9("logs", "one", "-n", "1000000")).stdout).toContain("it ended with an unknown exit status");
  await place.bs9("stop", "two");
  const lines = (await place.bs9("logs", "two", "--no-time", "-n", "1000000")).stdout
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("line "));
  expect(lines).toEqual(lines.map((_, i) => `line ${i}`));
  expect(lines.length).toBeGreaterThan(100);
  await place.bs9("delete", "all", "--yes");
}, 300_000);

test("if a supervisor is killed before the launcher got its plan, the next one starts the service and counts no restart", async () => {
  await place.bs9("start", "web/app.ts", "--name", "once", "--port", String(freePort()), "--restart", "no");
  const before = await place.pidOf("once");
  process.kill(place.supervisor() ?? -1, "SIGKILL");
  await until(() => place.supervisor() === null, { what: "it is dead" });
  process.kill(before, "SIGKILL");
  await until(() => !existsSync(`/proc/${before}`), { what: "the process has ended" });
  const record = "bs9/state/services/once.json";
  const kept = JSON.parse(place.read(record));
  expect(kept).toMatchObject({ state: "active", launched: true, process: { pid: before } });
  place.write(record, JSON.stringify({ ...kept, launched: false }));
  await place.bs9("status");
  await until(async () => (await place.statusOf("once")).state === "active", { what: "it runs" });
  expect(await place.statusOf("once")).toMatchObject({ restarts: 0, ready: true });
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("as PID 1 the supervisor leaves no zombies; SIGTERM ends all services with 0, and kills those that ignore it after the timeout", async () => {
  place.write(
    "orphans/app.ts",
    'for (let i = 0; i < 100; i++) Bun.spawn(["sh", "-c", "(sleep 0.2 &) ; exit 0"], { stdio: ["ignore", "ignore", "ignore"] });\nsetInterval(() => {}, 1000);\n',
  );
  place.write("deaf/app.ts", 'process.on("SIGTERM", () => console.log("no"));\nsetInterval(() => {}, 1000);\n');
  place.write("bs9.toml", '[services.orphans]\nentry = "orphans/app.ts"\n[services.deaf]\nentry = "deaf/app.ts"\nstop-timeout = "2s"\n');
  await until(() => place.supervisor() === null, { what: "the one without services has ended" });
  const pid1 = place.run(["run", "bs9.toml", "--port", "0"], true);
  const inside = () => {
    const child = readdirSync("/proc").find(
      (pid) => /^\d+$/.test(pid) && readProc(`${pid}/stat`)?.split(") ")[1]?.split(" ")[1] === String(pid1.pid),
    );
    return child === undefined ? null : child;
  };
  await until(() => existsSync(join(place.env.BS9_HOME, "state/services/deaf.json")) && inside() !== null, { what: "it supervises" });
  const init = inside() ?? "";
  const zombies = () =>
    readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && new RegExp(`^\\d+ \\(.*\\) Z ${init} `).test(readProc(`${pid}/stat`) ?? ""));
  const ofService = () =>
    readdirSync("/proc").filter(
      (pid) => /^\d+$/.test(pid) && (readProc(`${pid}/cmdline`) ?? "").includes(join(place.folder, "deaf/app.ts")),
    );
  await until(() => ofService().length > 0, { what: "the deaf one runs" });
  await until(() => existsSync(join(place.env.BS9_HOME, "state/logs/deaf")), { what: "its log is there" });
  // All hundred processes have started and ended by then.
  await Bun.sleep(1500);
  await until(() => zombies().length === 0, { what: "no zombie is left" });
  const began = performance.now();
  process.kill(Number(init), "SIGTERM");
  expect(await pid1.exited).toBe(0);
  const tookMs = performance.now() - began;
  expect(tookMs).toBeGreaterThan(1900);
  expect(tookMs).toBeLessThan(8000);
  expect(ofService()).toEqual([]);
  await place.bs9("delete", "all", "--yes");
}, 240_000);
