// Hosts that deny user namespaces, as Ubuntu 24.04 does: systemd cannot hide files there, and Landlock closes the home
// directory.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import { until } from "../harness.ts";
import { pair, secret, swap } from "./escape.ts";
import { type Service, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
let stage: Stage;
beforeAll(async () => {
  all = await stages("attack-denied", { userNamespaces: false });
  stage = all.on("systemd");
  await stage.write(".ssh/id", "secret", "600");
  await stage.write("other/file", "of another service");
}, 240_000);
afterAll(() => all.lab.down());

const fs = (call: string) => `return String(require("fs").${call} ?? "done")`;

describe.each(["standard", "strict"])("%s", (profile) => {
  let a: Service;
  beforeAll(async () => {
    await stage.write("a/package.json", "{}");
    a = await stage.service("a", "a", "--sandbox", profile);
  }, 240_000);
  afterAll(() => stage.bs9("delete", "a", "--yes"));

  test("an app cannot read other files of the user or list the home directory", async () => {
    for (const path of [".ssh/id", "other/file", ".config/bs9/services/a.json", ".config/bs9/env/a.env"])
      expect([path, await a.attempt(fs(`readFileSync("${stage.home}/${path}", "utf8")`))]).toEqual([path, "EACCES"]);
    expect(await a.attempt(fs(`readdirSync("${stage.home}")`))).toBe("EACCES");
  });

  test("an app cannot write a unit of the user manager, another file of the user, or a file of the system", async () => {
    for (const path of [".config/systemd/user/evil.service", ".bashrc", "evil", ".ssh/authorized_keys"])
      expect([path, await a.attempt(fs(`writeFileSync("${stage.home}/${path}", "x")`))]).toEqual([path, "EACCES"]);
    expect(await a.attempt(fs(`writeFileSync("/run/user/1001/evil", "x")`))).toBe("EACCES");
    expect(await stage.sh("ls -A . .config/systemd/user .ssh")).not.toContain("evil");
  });

  test("an app can read and write its project as the profile allows, and can still run programs", async () => {
    expect(await a.attempt(fs(`readFileSync("app.ts", "utf8").length`))).toMatch(/^\d+$/);
    const wrote = await a.attempt(fs(`writeFileSync("written", "x")`));
    expect(wrote).toBe(profile === "standard" ? "done" : "EACCES");
    expect(await a.attempt(fs(`writeFileSync("/tmp/written-${profile}", "x")`))).toBe("done");
    expect(await a.attempt(`return String(require("child_process").spawnSync("/bin/sh", ["-c", "echo ran"]).stdout)`)).toBe("ran\n");
  });

  test("an app cannot send a signal to a process outside of its service", async () => {
    const pid = Number(await stage.sh("systemctl show --value -p MainPID user@1001"));
    expect(await a.attempt(`process.kill(${pid}, "SIGKILL"); return "sent"`)).toBe("EPERM");
  });
});

test("a directory that was replaced by a link is not opened when its service is restarted automatically", async () => {
  const it = await pair(stage);
  const before = await it.b.attempt<number>("return process.pid");
  expect(await it.a.attempt(swap(stage.home))).toBe("swapped");
  await it.kill();
  const after = await until(
    async () => {
      expect(await it.served()).not.toContain(secret);
      const pid = await it.b.attempt<number>("return process.pid");
      return pid !== before && pid;
    },
    { what: "b is up again", timeoutMs: 30_000 },
  );
  expect(after).not.toBe(before);
  expect(await it.b.attempt(`return require("fs").readFileSync("${stage.home}/.ssh/id", "utf8")`)).toBe("EACCES");
  await stage.bs9("delete", "a", "b", "--yes");
}, 90_000);

test("describe reports sandbox and isolation as partial, because the app can still reach the sockets of the user manager", async () => {
  const a = await stage.service("a", "a");
  const write = (path: string) => a.attempt(`require("fs").writeFileSync(${path}, "kept"); return "done"`);
  expect(await write(`process.env.HOME + "/lost"`)).toBe("EACCES");
  expect(await write(`process.env.XDG_CACHE_HOME + "/file"`)).toBe("done");
  expect(await stage.sh("cat .local/state/bs9/cache/a/file")).toBe("kept");
  const { sandbox, isolation } = JSON.parse((await stage.bs9("describe", "a", "--json")).stdout) as Description;
  expect(sandbox.verdict).toBe("partial");
  expect(sandbox.probed).toContain("Landlock");
  expect(sandbox.missing.find(({ directive }) => directive === "ProtectHome=tmpfs")?.why).toContain(
    "Landlock denies access to its files instead",
  );
  expect(isolation?.missing.map(({ directive }) => directive)).toEqual(["user manager", "system bus"]);
});
