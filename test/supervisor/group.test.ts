// The processes of a service end with it within its timeout, and no other process does.
import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readProc } from "../../src/base/proc.ts";
import { until } from "../harness.ts";
import { Place } from "./bs9.ts";

const place = new Place();
const other = new Place();
afterAll(() => Promise.all([place.down(), other.down()]));

/** The main process ends at once; its child needs some time, and reports when it is done. */
const wrapper = (name: string) =>
  `#!/bin/sh\nsh -c 'trap "sleep 0.6; echo x >> ${name}-drained; exit 0" TERM; echo $$ >> ${name}-pid; while :; do sleep 0.05; done' &\nwait\n`;

function script(at: Place, path: string, text: string): string {
  at.write(path, text);
  Bun.spawnSync(["chmod", "+x", `${at.folder}/${path}`]);
  return path;
}

/** A zombie has ended, whether or not its parent has reaped it. */
const isOver = (pid: number) => / [ZX] /.test((readProc(`${pid}/stat`) ?? ") Z ").split(")").at(-1) ?? "");

const started = async (at: Place, path: string, name: string, ...options: string[]) =>
  expect(await at.bs9("start", path, "--name", name, "--wait", "0", ...options)).toMatchObject({ code: 0 });

test("stop waits for all processes of the service, and not only for its main process", async () => {
  await started(place, script(place, "wrap/wrap.sh", wrapper("wrap")), "wrap");
  await until(() => existsSync(`${place.folder}/wrap/wrap-pid`), { what: "its child runs" });
  expect((await place.bs9("stop", "wrap")).code).toBe(0);
  expect(place.read("wrap/wrap-drained")).toBe("x\n");
}, 240_000);

test("where the main process ends by itself, its children are asked to end before the service is started again", async () => {
  await started(place, script(place, "crash/crash.sh", wrapper("crash")), "crash");
  await until(() => existsSync(`${place.folder}/crash/crash-pid`), { what: "its child runs" });
  const { pid } = await place.statusOf("crash");
  process.kill(pid ?? -1, "SIGKILL");
  await until(async () => (await place.statusOf("crash")).restarts === 1, { what: "it is started again" });
  expect(place.read("crash/crash-drained")).toBe("x\n");
}, 240_000);

test("a child that ignores SIGTERM is killed after the timeout", async () => {
  const deaf = "#!/bin/sh\nsh -c 'trap \"\" TERM; echo $$ > deaf-pid; while :; do sleep 0.05; done' &\nwait\n";
  await started(place, script(place, "deaf/deaf.sh", deaf), "deaf", "--stop-timeout", "1s");
  await until(() => existsSync(`${place.folder}/deaf/deaf-pid`), { what: "its child runs" });
  const began = performance.now();
  expect((await place.bs9("stop", "deaf")).code).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(isOver(Number(place.read("deaf/deaf-pid")))).toBe(true);
}, 240_000);

test("processes that a main process left behind while no supervisor ran are ended by the next supervisor", async () => {
  await started(place, script(place, "left/left.sh", "#!/bin/sh\nsleep 4242 &\necho $! >> kids\nwait\n"), "left");
  await until(() => existsSync(`${place.folder}/left/kids`), { what: "its child runs" });
  const { pid } = await place.statusOf("left");
  const kid = Number(place.read("left/kids"));
  expect(isOver(kid)).toBe(false);
  process.kill(place.supervisor() ?? -1, "SIGKILL");
  await until(() => place.supervisor() === null, { what: "it is dead" });
  process.kill(pid ?? -1, "SIGKILL");
  await until(async () => (await place.statusOf("left")).restarts === 1, { what: "it is started again" });
  expect(isOver(kid)).toBe(true);
}, 240_000);

test("a supervisor does not end the processes of a service with the same name under another supervisor", async () => {
  const sleeper = "#!/bin/sh\nexec sleep 4243\n";
  for (const at of [place, other]) await started(at, script(at, "same/same.sh", sleeper), "same");
  const { pid } = await other.statusOf("same");
  expect((await place.bs9("stop", "same")).code).toBe(0);
  expect(await other.statusOf("same")).toMatchObject({ state: "active", pid, restarts: 0 });
}, 240_000);

test("a service that was stopped because its supervisor got SIGTERM is started by the next supervisor, and does not count as failed", async () => {
  await started(place, script(place, "again/again.sh", "#!/bin/sh\nexec sleep 4244\n"), "again", "--restart", "no");
  process.kill(place.supervisor() ?? -1, "SIGTERM");
  await until(() => place.supervisor() === null, { what: "it has ended in order" });
  await place.bs9("status");
  await until(async () => (await place.statusOf("again")).state === "active", { what: "it is up again" });
  expect(await place.statusOf("again")).toMatchObject({ restarts: 0 });
}, 240_000);
