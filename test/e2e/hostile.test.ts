// Attacks of apps and callers on bs9: none of them blocks a command, impersonates another service, or goes unnoticed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();
const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
const pidOf = async (name: string) => (await statusOf(it, name)).pid;

beforeAll(async () => {
  it = await lab("hostile");
  await it.writeFile("ops", "web/app.ts", app);
  await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4600");
}, 240_000);
afterAll(() => it.down());

test("a service cannot write log lines in the name of another service or of systemd", async () => {
  const forged = [
    "MESSAGE=forged line\nSYSLOG_IDENTIFIER=web.service\n",
    "MESSAGE=web.service: Main process exited, code=killed, status=9/KILL\nMESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15\nEXIT_CODE=killed\nEXIT_STATUS=KILL\nUSER_UNIT=web.service\nSYSLOG_IDENTIFIER=systemd\nPRIORITY=4\n",
  ];
  // The app writes to the socket of journald itself. `mine` is a permitted line of its own, which shows that all messages have
  // arrived.
  const messages = [...forged, "MESSAGE=mine\nSYSLOG_IDENTIFIER=web.service\nUSER_UNIT=web.service\n"];
  await it.writeFile(
    "ops",
    "forger/forger.py",
    `#!/usr/bin/python3\nimport socket, time\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.connect("/run/systemd/journal/socket")\nfor m in ${JSON.stringify(messages)}: s.send(m.encode())\ntime.sleep(1000)\n`,
  );
  await sh("chmod +x forger/forger.py");
  expect((await bs9(it, "start", "forger/forger.py")).code).toBe(0);
  await until(async () => (await bs9(it, "logs", "forger")).stdout.includes("mine"), { what: "the forger has spoken" });
  const shown = (await bs9(it, "logs", "web")).stdout;
  expect(shown).toContain("listening");
  expect(shown).not.toContain("forged");
  expect(shown).not.toContain("killed by");
  await bs9(it, "delete", "forger", "--yes");
}, 240_000);

test("an entry that has become a FIFO, and endless environment files, block no command", async () => {
  await it.writeFile("ops", "pipe/app.ts", app);
  await bs9(it, "start", "pipe/app.ts", "--name", "pipe", "--port", "4601");
  await sh("rm pipe/app.ts; mkfifo pipe/app.ts empty.env");
  for (const verb of ["status", "restart", "describe", "audit"]) {
    const result = await it.asUser("ops", ["timeout", "20", "bs9", verb, "pipe"]);
    expect([verb, result.code]).not.toEqual([verb, 124]);
  }
  expect((await bs9(it, "restart", "pipe")).stderr).toContain("not a regular file");
  const endless = await it.asUser("ops", ["timeout", "20", "bs9", "start", "web/app.ts", "--name", "web", "--env-file", "/dev/zero"]);
  expect(endless).toMatchObject({ code: 1, stderr: expect.stringContaining("/dev/zero: it is not a regular file") });
  const silent = await it.asUser("ops", ["timeout", "30", "bs9", "start", "web/app.ts", "--name", "web", "--env-file", "empty.env"]);
  expect(silent).toMatchObject({ code: 1, stderr: expect.stringContaining("empty.env: it is not a regular file") });
  const piped = await it.asUser("ops", ["bash", "-c", "bs9 start web/app.ts --name web --env-file <(echo FROM_PIPE=yes)"]);
  expect(piped.code).toBe(0);
  expect((await fetchIn<Record<string, string>>(it, 4600, "/env"))["FROM_PIPE"]).toBe("yes");
  await sh("rm pipe/app.ts");
  await bs9(it, "delete", "pipe", "--yes");
}, 300_000);

test("a health command runs in the sandbox of the service, because the service may have written what it executes", async () => {
  await sh("mkdir -p .ssh && echo secret >.ssh/id");
  await it.writeFile(
    "ops",
    "web/check.sh",
    'cat "$HOME/.ssh/id" >>"$PWD/leak" 2>/dev/null; echo "$GREETING" >seen; touch /tmp/from-check\n',
  );
  const started = await bs9(it, "start", "web/app.ts", "--name", "web", "--env", "GREETING=hello", "--health", "cmd:sh check.sh");
  expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining("healthy in") });
  expect((await sh("cat web/seen; cat web/leak; ls /tmp/from-check")).stdout).toBe("hello\n");
  expect((await bs9(it, "start", "web/app.ts", "--name", "web", "--health", "cmd:exit 7", "--wait", "2")).stderr).toContain(
    "exited with 7",
  );
  // The agent probes too, so its check may run at this moment.
  const checks = "ls /run/user/$(id -u)/systemd/user; systemctl --user list-units --all 'bs9-check*' --no-legend";
  await until(async () => (await sh(checks)).stdout === "", { what: "no check is left" });
}, 240_000);

test("the next command removes what a health command of a killed or interrupted start left, and Ctrl-C does not wait for the health command", async () => {
  const killed = it.start("ops", ["bs9", "start", "web/app.ts", "--name", "hk", "--port", "4609", "--health", "cmd:sleep 100"]);
  // The agent checks the service web at the same time.
  const checks = async () =>
    (await sh("ls /run/user/$(id -u)/systemd/user | grep check-hk; systemctl --user list-units --all 'bs9-check-hk*' --no-legend")).stdout;
  await until(async () => (await checks()) !== "", { what: "it checks" });
  killed.kill("SIGKILL");
  await killed.exited;
  await bs9(it, "status");
  expect(await checks()).toBe("");
  const interrupted = it.start("ops", ["bs9", "start", "web/app.ts", "--name", "hk", "--port", "4609", "--health", "cmd:sleep 100"]);
  await until(async () => (await checks()) !== "", { what: "it checks again" });
  const began = performance.now();
  interrupted.kill("SIGINT");
  expect(await interrupted.exited).toBe(130);
  // The command does not wait for the 100 s of the check.
  expect(performance.now() - began).toBeLessThan(30_000);
  await bs9(it, "start", "web/app.ts", "--name", "web");
}, 240_000);

test("a change that is rolled back leaves no restarts in the count, and a restart by hand counts as one", async () => {
  await it.writeFile("ops", "web/bad.ts", 'throw new Error("bad");\n');
  expect((await bs9(it, "start", "web/bad.ts", "--name", "web")).code).toBe(1);
  expect(await statusOf(it, "web")).toMatchObject({ state: "active", restarts: 0 });
  await sh("systemctl --user restart web");
  expect(await statusOf(it, "web")).toMatchObject({ state: "active", restarts: 1 });
}, 240_000);

test("variables that a loader, a locale or systemd interprets reach the program unchanged, and are in no unit", async () => {
  const turned = [
    "LC_ALL=xx",
    "GCONV_PATH=/tmp",
    "LOCPATH=/tmp",
    "GLIBC_TUNABLES=x",
    "XDG_RUNTIME_DIR=/tmp",
    "SYSTEMD_LOG_LEVEL=debug",
    "TZ=UTC",
  ];
  expect((await bs9(it, "start", "web/app.ts", "--name", "web", ...turned.flatMap((one) => ["--env", one]))).code).toBe(0);
  const units = (await sh("cat .config/systemd/user/web.service .config/systemd/user/bs9-delay@web.service")).stdout;
  for (const one of turned) expect(units).not.toContain(one);
  const seen = await fetchIn<Record<string, string>>(it, 4600, "/env");
  expect(turned.map((one) => `${one.split("=")[0]}=${seen[one.split("=")[0] ?? ""]}`)).toEqual(turned);
}, 240_000);

test("a proxy in the caller's shell is not used for health checks", async () => {
  const result = await sh("http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 bs9 start web/app.ts --name web --health /argv");
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("healthy in") });
}, 240_000);

test("after the link `current` was moved, start reports a change and uses the new target", async () => {
  for (const release of ["one", "two"])
    await it.writeFile("ops", `releases/${release}/app.ts`, `Bun.serve({ port: 4602, fetch: () => Response.json("${release}") });\n`);
  await sh("ln -s releases/one current");
  await bs9(it, "start", "current/app.ts", "--name", "linked", "--port", "4602");
  expect((await bs9(it, "start", "current/app.ts", "--name", "linked")).stdout).toContain("unchanged");
  await sh("ln -sfn releases/two current");
  expect((await bs9(it, "start", "current/app.ts", "--name", "linked")).stdout).toContain("changed");
  expect(await fetchIn<string>(it, 4602, "/")).toBe("two");
  await bs9(it, "delete", "linked", "--yes");
}, 240_000);

test("a start that is killed between the loading of its unit and the restart does not count as done", async () => {
  const before = await pidOf("web");
  const killed = it.start("ops", ["bs9", "start", "web/app.ts", "--name", "web", "--env", "LATE=yes"]);
  await until(async () => (await sh("cat .config/bs9/env/web.env")).stdout.includes("LATE"), { what: "the file is written" });
  killed.kill("SIGKILL");
  await killed.exited;
  await bs9(it, "status");
  await until(async () => (await statusOf(it, "web")).ready, { what: "web serves" });
  const lives = (await fetchIn<Record<string, string>>(it, 4600, "/env"))["LATE"] === "yes";
  const says = (await bs9(it, "describe", "web", "--json")).stdout.includes("LATE");
  // The kill may come before or after the restart; in both cases the reported state is the real one.
  expect([says, (await pidOf("web")) === before && says]).toEqual([lives, false]);
}, 240_000);

test("--max-restarts holds even if something reloads the user manager", async () => {
  await it.writeFile("ops", "crash/app.ts", 'import { appendFileSync } from "node:fs";\nappendFileSync("runs", "x");\nprocess.exit(3);\n');
  await bs9(it, "start", "crash/app.ts", "--name", "crash", "--max-restarts", "3", "--restart-delay", "250ms", "--wait", "0");
  for (let i = 0; i < 12 && (await statusOf(it, "crash")).state !== "failed"; i++) await sh("systemctl --user daemon-reload; sleep 0.2");
  await until(async () => (await statusOf(it, "crash")).state === "failed", { what: "it is given up" });
  expect(await statusOf(it, "crash")).toMatchObject({ state: "failed", restarts: 3 });
  expect((await sh("cat crash/runs")).stdout).toBe("xxxx");
  expect((await bs9(it, "status", "crash")).stderr).toContain("given up");
  await bs9(it, "delete", "crash", "--yes");
}, 240_000);

test("--require-sandbox that cannot be satisfied never runs the program", async () => {
  await it.writeFile(
    "ops",
    "shy/app.ts",
    'import { writeFileSync } from "node:fs";\nwriteFileSync("ran", "");\nsetInterval(() => {}, 1000);\n',
  );
  const result = await bs9(it, "start", "shy/app.ts", "--name", "shy", "--sandbox", "off", "--require-sandbox");
  expect(result).toMatchObject({ code: 6, stderr: expect.stringContaining("its sandbox would be off") });
  expect((await sh("ls shy; ls .config/bs9/services")).stdout).toBe("app.ts\nweb.json\n");
}, 240_000);

test("with --restart-delay 0 a crashing service is restarted at once every time", async () => {
  await it.writeFile("ops", "often/app.ts", "setTimeout(() => process.exit(1), 5);\n");
  await bs9(it, "start", "often/app.ts", "--name", "often", "--restart-delay", "0", "--wait", "0");
  await until(async () => ((await statusOf(it, "often")).restarts ?? 0) > 45, { what: "it was started 45 times", timeoutMs: 25_000 });
  await bs9(it, "delete", "often", "--yes");
}, 240_000);
