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

  test("start runs an app that gets the exact value of a variable, and no unit shows the value", async () => {
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

  test("start gives the app only the documented environment, and no other variable of the calling shell", async () => {
    const env = await fetchIn<Record<string, string>>(it, 4100, "/env");
    expect(env).toMatchObject({ NODE_ENV: "production", PORT: "4100", SERVICE_NAME: "web", OTEL_SERVICE_NAME: "web" });
    for (const absent of ["BUN_OPTIONS", "BUN_BE_BUN", "PWD", "OLDPWD", "SHLVL", "TERM"]) expect(env[absent]).toBeUndefined();
    const child = await fetchIn<string>(it, 4100, "/child");
    expect(child).toContain("SERVICE_NAME=web");
    expect(child).not.toContain("BUN_");
  });

  test("the unit that start writes causes no warning of systemd-analyze verify, and is rated well by systemd-analyze security", async () => {
    expect(await it.asUser("ops", ["systemd-analyze", "--user", "verify", ".config/systemd/user/web.service"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    const { stdout } = await it.asUser("ops", ["systemd-analyze", "--user", "security", "--no-pager", "web.service"]);
    expect(Number(/exposure level for web.service: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(1.7);
  });

  test("a second start says that the service is unchanged, and a start with another option that it is changed", async () => {
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

  test("start does not restart the service for a change of a setting that only bs9 uses", async () => {
    const { pid } = await statusOf(it, "web");
    expect((await bs9(it, "start", "web", "--health-restart")).stdout).toContain("web changed");
    expect((await bs9(it, "start", "web", "--health-restart")).stdout).toMatch(/^web unchanged: no changes, it still runs \(pid \d+\)\n$/);
    expect((await bs9(it, "describe", "web")).stdout).toContain("restarted when unhealthy");
    expect((await statusOf(it, "web")).pid).toBe(pid);
  });

  test("start restores the previous spec if the service does not come up with a change", async () => {
    const failed = await bs9(it, "start", "web/app.ts", "--name", "web", "--health", "/crash", "--wait", "2");
    expect(failed.code).toBe(1);
    await until(async () => (await statusOf(it, "web")).ready, { what: "the old web serves again" });
    expect((await bs9(it, "describe", "web", "--json")).stdout).not.toContain("/crash");
  });

  test("start --dry-run writes no file", async () => {
    const planned = await bs9(it, "start", "web/app.ts", "--name", "other", "--env", "SECRET=s3cret", "--dry-run");
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain("ExecStart=");
    expect(planned.stdout).not.toContain("s3cret");
    expect((await it.asUser("ops", ["ls", ".config/systemd/user/"])).stdout).not.toContain("other");
    expect((await bs9(it, "status", "other")).code).toBe(4);
  });

  test("start fails at once if the app throws, and shows the error and its line", async () => {
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

  test("start --wait 0 does not check the service, and does not make the user manager reload for a new service", async () => {
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

  test("a crashing service is failed after --max-restarts, and was restarted that many times", async () => {
    await bs9(it, "start", "bad/bad.ts", "--name", "thrice", "--wait", "0", "--max-restarts", "2", "--restart-delay", "100ms");
    const ended = await until(async () => (await statusOf(it, "thrice")).state === "failed" && statusOf(it, "thrice"), {
      what: "it is given up",
    });
    expect(ended).toMatchObject({ state: "failed", restarts: 2 });
  });
});

describe("status", () => {
  test("status lists failed services first, exits with 3, and says why on stderr", async () => {
    const { code, stdout, stderr } = await bs9(it, "status");
    expect(code).toBe(3);
    expect(stdout.split("\n")[0]).toMatch(/^NAME +STATE +HEALTH +PID +PORT +CPU +MEM\/MAX +RESTARTS +UPTIME( +REQ\/S)? +SANDBOX$/);
    expect(stdout.split("\n")[1]).toMatch(/^bad +failed/);
    expect(stderr).toContain("bad: did not come up: exited with 1");
  });
  test("status exits with 0 for a running service", async () => {
    expect((await bs9(it, "status", "web")).code).toBe(0);
    await until(async () => (await statusOf(it, "web")).requests !== null, { what: "the app reports its requests" });
    expect(await statusOf(it, "web")).toMatchObject({
      name: "web",
      state: "active",
      restarts: 1,
      memorySource: "processes",
      backend: "systemd",
      unit: "web.service",
      figuresFrom: "agent",
      requests: { perSecond: expect.any(Number) },
      sandbox: "effective",
    });
  });
  test("status -q lists only the names of services", async () =>
    expect((await bs9(it, "status", "-q")).stdout.split("\n")).toContain("web"));
  test("status --all also lists the other units of the user", async () =>
    expect((await bs9(it, "status", "--all")).stdout).toContain("dbus.service"));
  test("status works without a bus daemon, and without any D-Bus socket", async () => {
    const full = await statusOf(it, "web");
    await it.asUser("ops", ["mv", "/run/user/1001/bus", "/run/user/1001/bus.away"]);
    expect(await statusOf(it, "web")).toMatchObject({ pid: full.pid, restarts: full.restarts });
    await it.asUser("ops", ["mv", "/run/user/1001/bus.away", "/run/user/1001/bus"]);
  });
});

describe("the sandbox", () => {
  test("the sandbox restricts what the app can read and write", async () => {
    expect(await fetchIn<string>(it, 4100, "/secret")).toBe("refused: ENOENT");
    expect(await fetchIn<string[]>(it, 4100, "/home")).toEqual(expect.not.arrayContaining([".ssh", ".config"]));
    // In the sandbox the home directory is a separate, empty directory, so nobody else sees files that the app writes there.
    await fetchIn<string>(it, 4100, "/bashrc");
    expect((await it.asUser("ops", ["cat", ".bashrc"])).stdout).not.toContain("evil");
    expect(await fetchIn<string[]>(it, 4100, "/tmp")).toEqual([]);
    expect(await fetchIn<string[]>(it, 4100, "/home")).toEqual(expect.arrayContaining([".local", "web"]));
    expect(await fetchIn<string>(it, 4100, "/write")).toBe("done");
    expect(await fetchIn<string[]>(it, 4100, "/interfaces")).toContain("lo");
    expect((await it.asUser("ops", ["cat", "web/written.txt"])).stdout).toBe("x");
  });

  test("the sandbox does not open the home directory for an entry that lies directly in it", async () => {
    await it.writeFile("ops", "app.ts", app);
    await bs9(it, "start", "app.ts", "--name", "homely", "--port", "4101");
    expect(await statusOf(it, "homely")).toMatchObject({ state: "active", sandbox: "partial" });
    expect(await fetchIn<string>(it, 4101, "/secret")).toBe("refused: ENOENT");
    expect((await bs9(it, "describe", "homely")).stdout).toContain(lackOfNarrowed("home")[0]?.why ?? "nothing");
    await bs9(it, "delete", "homely", "--yes");
  });

  test("bs9 itself does not read .env and bunfig.toml of a project; the app reads them", async () => {
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
  test("restart says why the service crashed", async () => {
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
  test("delete removes everything of the service except the files of the app", async () => {
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
