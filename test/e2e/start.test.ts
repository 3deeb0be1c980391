// The first steps of a new user: start, look, change, stop, delete; and each mistake gives one clear error.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { lackOfNarrowed } from "../../src/backend/narrowed.ts";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();

beforeAll(async () => {
  it = await lab("start");
  await it.writeFile("ops", "web/app.ts", app);
  await it.writeFile("ops", ".ssh/id", "secret", "600");
  await it.writeFile("ops", "bad/bad.ts", 'console.log("begun");\nconst broken: string = "x";\nthrow new Error(`boom ${broken}`);\n');
}, 300_000);
afterAll(() => it.down());

describe("start", () => {
  const greeting = 'a "b" %h $HOME';

  test("runs an app that gets the exact value of a variable, and no unit shows the value", async () => {
    const { code, stdout } = await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4100", "--env", `GREETING=${greeting}`);
    expect(stdout).toMatch(/^web started \(pid \d+, ready in [\d.]+ m?s, sandbox effective\)\n$/);
    expect(code).toBe(0);
    const env = await fetchIn<Record<string, string>>(it, 4100, "/env");
    expect(env["GREETING"]).toBe(greeting);
    const shown = await it.asUser("ops", ["systemctl", "--user", "show", "web"]);
    expect(shown.stdout).toContain("MainPID=");
    expect(shown.stdout).not.toContain("GREETING");
    const unit = await it.asUser("ops", ["cat", ".config/systemd/user/web.service"]);
    expect(unit.stdout).toContain("[X-BS9]");
    expect(unit.stdout).not.toContain("GREETING");
    expect((await it.asUser("ops", ["stat", "-c", "%a", ".config/bs9/env/web.env", ".config/bs9/services/web.json"])).stdout).toBe(
      "600\n600\n",
    );
  });

  test("gives the app only the documented environment, and no other variable of the calling shell", async () => {
    const env = await fetchIn<Record<string, string>>(it, 4100, "/env");
    expect(env).toMatchObject({ NODE_ENV: "production", PORT: "4100", SERVICE_NAME: "web", OTEL_SERVICE_NAME: "web" });
    for (const absent of ["BUN_OPTIONS", "BUN_BE_BUN", "PWD", "OLDPWD", "SHLVL", "TERM"]) expect(env[absent]).toBeUndefined();
    const child = await fetchIn<string>(it, 4100, "/child");
    expect(child).toContain("SERVICE_NAME=web");
    expect(child).not.toContain("BUN_");
  });

  test("writes a unit without complaints of systemd and with a good rating", async () => {
    expect(await it.asUser("ops", ["systemd-analyze", "--user", "verify", ".config/systemd/user/web.service"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    const { stdout } = await it.asUser("ops", ["systemd-analyze", "--user", "security", "--no-pager", "web.service"]);
    expect(Number(/exposure level for web.service: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(1.7);
  });

  test("says unchanged at a second start, and changed with another option", async () => {
    expect((await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4100")).stdout).toMatch(
      /^web unchanged: no changes, it still runs \(pid \d+\)\n$/,
    );
    const changed = await bs9(it, "start", "web/app.ts", "--name", "web", "--env", "MORE=1", "--json");
    expect(JSON.parse(changed.stdout)).toMatchObject([
      { name: "web", result: "changed", status: { state: "active", ready: true, port: 4100 }, findings: [] },
    ]);
    expect(await fetchIn<Record<string, string>>(it, 4100, "/env")).toMatchObject({ GREETING: greeting, MORE: "1" });
    for (const folder of ["data", "more"]) await it.writeFile("ops", `${folder}/kept`, "");
    // The agent saw the new process before bs9 had committed its spec.
    const opened = await bs9(it, "start", "web", "--env", "MORE=", "--writable", "data", "--writable", "more");
    expect(opened.stdout).toMatch(/^web changed .*sandbox effective\)$/m);
    expect(opened.stderr).toMatch(
      /^web can write in ~\/web, ~\/data, ~\/more, and in its own .*; the rest of your home directory is closed to it$/m,
    );
    expect((await bs9(it, "describe", "web")).stdout).toMatch(/^Directories\n {2}writable {2}~\/web\n {12}~\/data\n(.|\n)*^Sandbox /m);
    expect((await fetchIn<Record<string, string>>(it, 4100, "/env"))["MORE"]).toBeUndefined();
  });

  test("restarts nothing for a change that only bs9 uses", async () => {
    const { pid } = await statusOf(it, "web");
    expect((await bs9(it, "start", "web", "--health-restart")).stdout).toContain("web changed");
    expect((await bs9(it, "start", "web", "--health-restart")).stdout).toMatch(/^web unchanged: no changes, it still runs \(pid \d+\)\n$/);
    expect((await bs9(it, "describe", "web")).stdout).toContain("restarted when unhealthy");
    expect((await statusOf(it, "web")).pid).toBe(pid);
  });

  test("restores the previous spec if a change does not come up", async () => {
    const failed = await bs9(it, "start", "web/app.ts", "--name", "web", "--health", "/crash", "--wait", "2");
    expect(failed.code).toBe(1);
    await until(async () => (await statusOf(it, "web")).ready, { what: "the old web serves again" });
    expect((await bs9(it, "describe", "web", "--json")).stdout).not.toContain("/crash");
  });

  test("writes nothing with --dry-run", async () => {
    const planned = await bs9(it, "start", "web/app.ts", "--name", "other", "--env", "SECRET=s3cret", "--dry-run");
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain("ExecStart=");
    expect(planned.stdout).not.toContain("s3cret");
    expect((await it.asUser("ops", ["ls", ".config/systemd/user/"])).stdout).not.toContain("other");
    expect((await bs9(it, "status", "other")).code).toBe(4);
  });

  test("fails at once if the app throws, with the error and its line", async () => {
    const began = performance.now();
    const { code, stderr } = await bs9(it, "start", "bad/bad.ts");
    // The command does not wait for the 30 s of --wait.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(code).toBe(1);
    expect(stderr).toContain("boom x");
    expect(stderr).toContain("bad.ts:3");
    expect(stderr).toMatch(/cannot start bad: exited with 1 after [\d.]+ m?s\nTry: bs9 logs bad\n$/);
    expect(await statusOf(it, "bad")).toMatchObject({ state: "failed", pid: null });
    expect((await bs9(it, "logs", "bad")).stdout).toContain("begun");
    expect((await it.asUser("ops", ["systemctl", "--user", "is-enabled", "bad"])).stdout).toBe("disabled\n");
  });

  test("checks nothing with --wait 0, and does not make the user manager reload for a new service", async () => {
    const loadedAt = async () =>
      (await it.asUser("ops", ["systemctl", "--user", "show", "--value", "--property=UnitsLoadTimestampMonotonic"])).stdout.trim();
    const before = await loadedAt();
    expect(before).toMatch(/^\d+$/);
    expect(await bs9(it, "start", "bad/bad.ts", "--name", "later", "--wait", "0")).toMatchObject({ code: 0 });
    expect(await loadedAt()).toBe(before);
    await until(async () => ((await statusOf(it, "later")).restarts ?? 0) >= 2, { what: "it is restarted on and on" });
    await until(async () => (await statusOf(it, "later")).state === "activating", { what: "it waits for its next start" });
    expect((await bs9(it, "stop", "later")).code).toBe(0);
    expect((await statusOf(it, "later")).state).toBe("inactive");
  });

  test("ends as failed after --max-restarts, with as many restarts", async () => {
    await bs9(it, "start", "bad/bad.ts", "--name", "thrice", "--wait", "0", "--max-restarts", "2", "--restart-delay", "100ms");
    const ended = await until(async () => (await statusOf(it, "thrice")).state === "failed" && statusOf(it, "thrice"), {
      what: "it is given up",
    });
    expect(ended).toMatchObject({ state: "failed", restarts: 2 });
  });
});

describe("status", () => {
  test("lists failed services first, exits with 3, and says why on stderr", async () => {
    const { code, stdout, stderr } = await bs9(it, "status");
    expect(code).toBe(3);
    expect(stdout.split("\n")[0]).toMatch(/^NAME +STATE +HEALTH +PID +PORT +CPU +MEM\/MAX +RESTARTS +UPTIME +SANDBOX$/);
    expect(stdout.split("\n")[1]).toMatch(/^bad +failed/);
    expect(stderr).toContain("bad: did not come up: exited with 1");
  });
  test("exits with 0 for a running service", async () => {
    expect((await bs9(it, "status", "web")).code).toBe(0);
    expect(await statusOf(it, "web")).toMatchObject({
      name: "web",
      state: "active",
      restarts: 1,
      memorySource: "processes",
      backend: "systemd",
      unit: "web.service",
      figuresFrom: "agent",
      requests: null,
      sandbox: "effective",
    });
  });
  test("lists names only with -q", async () => expect((await bs9(it, "status", "-q")).stdout.split("\n")).toContain("web"));
  test("lists the user's other units with --all", async () => expect((await bs9(it, "status", "--all")).stdout).toContain("dbus.service"));
  test("works without a bus daemon, and without the bus at all", async () => {
    const full = await statusOf(it, "web");
    await it.asUser("ops", ["mv", "/run/user/1001/bus", "/run/user/1001/bus.away"]);
    expect(await statusOf(it, "web")).toMatchObject({ pid: full.pid, restarts: full.restarts });
    await it.asUser("ops", ["mv", "/run/user/1001/bus.away", "/run/user/1001/bus"]);
  });
});

describe("the sandbox", () => {
  test("restricts the app", async () => {
    expect(await fetchIn<string>(it, 4100, "/secret")).toBe("refused: ENOENT");
    expect(await fetchIn<string[]>(it, 4100, "/home")).toEqual(expect.not.arrayContaining([".ssh", ".config"]));
    // Home is an empty directory of its own, so files written there reach nobody.
    await fetchIn<string>(it, 4100, "/bashrc");
    expect((await it.asUser("ops", ["cat", ".bashrc"])).stdout).not.toContain("evil");
    expect(await fetchIn<string[]>(it, 4100, "/tmp")).toEqual([]);
    expect(await fetchIn<string[]>(it, 4100, "/home")).toEqual(expect.arrayContaining([".local", "web"]));
    expect(await fetchIn<string>(it, 4100, "/write")).toBe("done");
    expect(await fetchIn<string[]>(it, 4100, "/interfaces")).toContain("lo");
    expect((await it.asUser("ops", ["cat", "web/written.txt"])).stdout).toBe("x");
  });

  test("does not open the home directory for an entry directly in it", async () => {
    await it.writeFile("ops", "app.ts", app);
    await bs9(it, "start", "app.ts", "--name", "homely", "--port", "4101");
    expect(await statusOf(it, "homely")).toMatchObject({ state: "active", sandbox: "partial" });
    expect(await fetchIn<string>(it, 4101, "/secret")).toBe("refused: ENOENT");
    expect((await bs9(it, "describe", "homely")).stdout).toContain(lackOfNarrowed("home")[0]?.why ?? "nothing");
    await bs9(it, "delete", "homely", "--yes");
  });

  test("leaves .env and bunfig.toml of the project to the app", async () => {
    await it.writeFile("ops", "env/app.ts", app);
    await it.writeFile("ops", "env/.env", "FROM_DOTENV=yes\n");
    await it.writeFile("ops", "env/bunfig.toml", 'preload = ["./pre.ts"]\n');
    await it.writeFile("ops", "env/pre.ts", 'console.log("preloaded", import.meta.dir);\n');
    await it.asUser("ops", ["sh", "-c", "cd env && bs9 start app.ts --name dotenv --port 4102"]);
    expect(await fetchIn<string>(it, 4102, "/dotenv")).toBe("yes");
    const logs = (await bs9(it, "logs", "dotenv")).stdout;
    expect(logs.match(/preloaded/g)).toHaveLength(1);
    await bs9(it, "delete", "dotenv", "--yes");
  });
});

describe("stop, restart, delete", () => {
  test("restart starts a new process", async () => {
    const before = await statusOf(it, "web");
    expect((await bs9(it, "restart", "web")).stdout).toMatch(/^web restarted \(pid \d+, (ready|healthy) in/);
    expect((await statusOf(it, "web")).pid).not.toBe(before.pid);
  });
  test("a restart that crashes says why", async () => {
    const { code, stdout, stderr } = await bs9(it, "restart", "bad", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ name: "bad", result: "failed" }]);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "failed", hint: "bs9 logs bad" } });
  });
  test("stop also disables the service at boot", async () => {
    expect((await bs9(it, "stop", "web")).stdout).toBe("web stopped\n");
    expect((await it.asUser("ops", ["systemctl", "--user", "is-enabled", "web"])).stdout).toBe("disabled\n");
    expect(await statusOf(it, "web")).toMatchObject({ state: "inactive", pid: null, uptimeMs: null, cpuPercent: null, memoryBytes: null });
    expect((await bs9(it, "status", "web")).code).toBe(3);
  });
  test("delete leaves nothing but the files of the app", async () => {
    const { stdout } = await bs9(it, "delete", "all", "--yes");
    expect(stdout).toContain("web deleted");
    expect((await bs9(it, "status", "--json")).stdout).toBe("[]\n");
    expect(
      (
        await it.asUser("ops", [
          "sh",
          "-c",
          "ls -A .config/bs9/services .config/bs9/env .config/bs9/pending .local/state/bs9/outcome .local/share/bs9/runtime; ls .config/systemd/user",
        ])
      ).stdout,
    ).not.toMatch(/web|bad|later|0\.1/);
    expect((await it.asUser("ops", ["cat", "web/app.ts"])).code).toBe(0);
  });
});
