// The lab itself: what the other tests rely on.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type Lab, lab, until } from "../harness.ts";

describe("a lab", () => {
  let it: Lab;
  beforeAll(async () => {
    it = await lab("ground");
  });
  afterAll(() => it.down());

  test("a lab has systemd as PID 1 and a user manager for each of its three users", async () => {
    expect((await it.asRoot(["cat", "/proc/1/comm"])).stdout).toBe("systemd\n");
    for (const user of ["ops", "dev", "root"] as const) {
      expect(await it.asUser(user, ["systemctl", "--user", "is-system-running"])).toEqual({ code: 0, stdout: "running\n", stderr: "" });
    }
  });

  test("a lab has no Node and no Bun, and runs the built bs9", async () => {
    const found = await it.asUser("ops", ["sh", "-c", "command -v node npm bun; command -v bs9"]);
    expect(found.stdout).toBe("/home/ops/.local/bin/bs9\n");
    expect((await it.asUser("ops", ["bs9", "version"])).code).toBe(0);
  });

  test("a command in a lab gets its input and environment, and its exit status is returned", async () => {
    const outcome = await it.asUser("dev", ["sh", "-c", 'cat; printf %s "$A" >&2; exit 7'], {
      input: "in\n",
      env: { A: "a b", LANG: undefined },
    });
    expect(outcome).toEqual({ code: 7, stdout: "in\n", stderr: "a b" });
  });

  test("a command in a lab that exceeds its time limit is killed", async () => {
    await expect(it.asUser("ops", ["sleep", "4711"], { timeoutMs: 500 })).rejects.toThrow("not done after 500 ms");
    await until(async () => (await it.asRoot(["pgrep", "-f", "sleep 4711"])).code === 1, { what: "the sleep is gone" });
  });

  test("a program that keeps running in a lab can receive a signal", async () => {
    const running = it.start("ops", ["sh", "-c", 'trap "echo bye; exit 3" INT; echo ready; while :; do sleep 0.05; done']);
    await until(() => running.stdout() === "ready\n", { what: "it is ready" });
    running.kill("SIGINT");
    expect(await running.exited).toBe(3);
    expect(running.stdout()).toBe("ready\nbye\n");
  });

  test("a lab keeps its disk and its lingering services over a reboot", async () => {
    const unit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n";
    await it.writeFile("ops", ".config/systemd/user/kept.service", unit);
    await it.asUser("ops", ["systemctl", "--user", "enable", "--now", "kept.service"]);
    await it.reboot();
    const isActive = async () => (await it.asUser("ops", ["systemctl", "--user", "is-active", "kept.service"])).stdout === "active\n";
    await until(isActive, { what: "kept.service is back" });
  });
});

test("a lab without user namespaces denies them to its user managers", async () => {
  await using it = await lab("shut", { userNamespaces: false, bs9: [] });
  const tried = await it.asUser("ops", ["systemd-run", "--user", "--wait", "--quiet", "-p", "PrivateUsers=yes", "true"]);
  expect(tried.code).toBe(217);
});

test("two labs are separate, and nothing of a lab remains", async () => {
  const [one, other] = [await lab("one", { bs9: [] }), await lab("other", { bs9: [] })];
  const serve = ["systemd-run", "--user", "--quiet", "--unit=web", "sleep", "infinity"];
  for (const it of [one, other]) expect((await it.asUser("ops", serve)).code).toBe(0);
  await other.asUser("ops", ["systemctl", "--user", "stop", "web"]);
  expect((await one.asUser("ops", ["systemctl", "--user", "is-active", "web"])).stdout).toBe("active\n");
  for (const it of [one, other]) await it.down();
  for (const it of [one, other]) {
    expect(await Bun.file("/proc/self/mounts").text()).not.toContain(it.name);
    for (const tree of ["", "/unified", "/systemd"]) expect(existsSync(`/sys/fs/cgroup${tree}/bs9-lab-${it.name}`)).toBe(false);
  }
});
