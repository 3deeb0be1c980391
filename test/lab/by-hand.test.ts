// Restarts through systemctl instead of bs9 count as well, and within the limit.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { seal } from "../../src/systemd/unit/seal.ts";
import { bs9, statusOf } from "../e2e/bs9.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
const systemctl = async (...words: string[]) => succeed(await it.asUser("ops", ["systemctl", "--user", ...words]), words.join(" "));
const start = async (name: string, ...options: string[]) =>
  succeed(await bs9(it, "start", "web/run.sh", "--name", name, "--restart-delay", "100ms", ...options), `start ${name}`);

beforeAll(async () => {
  it = await lab("byhand");
  await it.writeFile("ops", "web/run.sh", "#!/bin/sh\nexec sleep 1000\n", "755");
}, 300_000);
afterAll(() => it.down());

test("restarts through systemctl are counted like those after a crash, and bs9 restart resets the count", async () => {
  await start("web");
  for (const restarts of [1, 2]) {
    const { pid } = await statusOf(it, "web");
    await systemctl("restart", "web");
    const status = await statusOf(it, "web");
    expect(status).toMatchObject({ state: "active", restarts });
    expect(status.pid).not.toBe(pid);
  }
  await systemctl("kill", "--kill-whom=main", "--signal=KILL", "web");
  await until(async () => (await statusOf(it, "web")).restarts === 3, { what: "the crash is counted, too" });
  await until(async () => (await statusOf(it, "web")).state === "active", { what: "it is up again" });
  succeed(await bs9(it, "restart", "web"), "restart");
  expect(await statusOf(it, "web")).toMatchObject({ state: "active", restarts: 0 });
}, 240_000);

test("--max-restarts includes restarts through systemctl, and status shows the correct number for a service that was given up", async () => {
  await start("few", "--max-restarts", "1");
  await systemctl("restart", "few");
  expect(await statusOf(it, "few")).toMatchObject({ state: "active", restarts: 1 });
  await systemctl("restart", "--no-block", "few");
  await until(async () => (await statusOf(it, "few")).state === "failed", { what: "it is given up" });
  expect(await statusOf(it, "few")).toMatchObject({ restarts: 1 });
}, 240_000);

test("for a service with --restart no systemd counts the restarts, and no unit exists that delays them", async () => {
  const delays = async () => (await it.asUser("ops", ["sh", "-c", "ls .config/systemd/user | grep once"])).stdout;
  await start("once");
  expect(await delays()).toBe("bs9-delay@once.service\nonce.service\n");
  await start("once", "--restart", "no");
  expect(await delays()).toBe("once.service\n");
  await systemctl("restart", "once");
  expect(await statusOf(it, "once")).toMatchObject({ state: "active", restarts: 0 });
}, 240_000);

test("a service in the sandbox of an older bs9 is reported in one line and keeps running, and a restart applies the new sandbox", async () => {
  const names = ["aged", "grown"];
  for (const name of names) {
    await start(name);
    const file = `.config/systemd/user/${name}.service`;
    const { stdout } = succeed(await it.asUser("ops", ["cat", file]), file);
    await it.writeFile("ops", file, seal(stdout.replace(/^(Digest|Sandbox)=.*\n/gm, "")));
  }
  await systemctl("daemon-reload");
  const before = await statusOf(it, "aged");
  const told = async () => (await bs9(it, "status")).stderr.split("\n").filter((line) => line.includes("older bs9"));
  expect(await told()).toEqual(["aged, grown: sandbox of an older bs9; a restart applies the new one. Try: bs9 restart aged"]);
  const { pid, sandbox, notices } = await statusOf(it, "aged");
  expect({ pid, sandbox }).toEqual({ pid: before.pid, sandbox: before.sandbox });
  const what = "aged: sandbox of an older bs9; a restart applies the new one";
  expect(notices).toContainEqual({ kind: "unit-older", subject: "aged", what, fix: "bs9 restart aged" });
  succeed(await bs9(it, "restart", "aged", "grown"), "restart");
  expect(await told()).toEqual([]);
}, 240_000);

test("start and restart write a unit again that was removed by hand, and start leaves the process alone", async () => {
  await start("gone");
  const { pid } = await statusOf(it, "gone");
  const file = ".config/systemd/user/gone.service";
  const remove = async () => {
    succeed(await it.asUser("ops", ["rm", file]), "rm");
    await systemctl("daemon-reload");
  };
  const isThere = async () => (await it.asUser("ops", ["test", "-f", file])).code === 0;
  await remove();
  expect(await bs9(it, "start", "gone")).toMatchObject({ code: 0, stdout: expect.stringContaining("gone changed") });
  expect(await statusOf(it, "gone")).toMatchObject({ state: "active", pid });
  expect([await isThere(), (await bs9(it, "start", "gone")).stdout]).toEqual([true, expect.stringContaining("gone unchanged")]);
  await remove();
  succeed(await bs9(it, "restart", "gone"), "restart");
  expect(await isThere()).toBe(true);
});
