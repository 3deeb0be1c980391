// What somebody does with systemctl instead of bs9 counts among the restarts, too, and within their limit.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { bs9, statusOf } from "../e2e/bs9.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
const systemctl = async (...words: string[]) => succeed(await it.asUser("ops", ["systemctl", "--user", ...words]), words.join(" "));
const start = async (name: string, ...options: string[]) =>
  succeed(await bs9(it, "start", "web/run.sh", "--name", name, "--restart-delay", "100ms", ...options), `start ${name}`);

beforeAll(async () => {
  it = await lab("byhand");
  await it.writeFile("ops", "web/run.sh", "#!/bin/sh\nexec sleep 1000\n", "755");
}, 120_000);
afterAll(() => it.down());

test("each restart by hand is counted beside those after a crash; bs9 restart begins anew", async () => {
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
}, 60_000);

test("--max-restarts counts them, and tells the true number of one that is given up", async () => {
  await start("few", "--max-restarts", "1");
  await systemctl("restart", "few");
  expect(await statusOf(it, "few")).toMatchObject({ state: "active", restarts: 1 });
  await systemctl("restart", "--no-block", "few");
  await until(async () => (await statusOf(it, "few")).state === "failed", { what: "it is given up" });
  expect(await statusOf(it, "few")).toMatchObject({ restarts: 1 });
}, 60_000);

test("with --restart no nothing counts, and systemd is asked", async () => {
  await start("once", "--restart", "no");
  await systemctl("restart", "once");
  expect(await statusOf(it, "once")).toMatchObject({ state: "active", restarts: 0 });
}, 60_000);
