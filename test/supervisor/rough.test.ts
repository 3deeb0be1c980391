// The supervisor under rough treatment: apps that connect to it, workers that end slowly, and ends at the wrong moment.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { controlChannel } from "../../src/supervisor/control.ts";
import { freePort, until } from "../harness.ts";
import { Place } from "./bs9.ts";

const place = new Place();
const lives = (pid: number) => existsSync(`/proc/${pid}`);
const dead = () => until(() => place.supervisor() === null, { what: "the supervisor is gone" });

beforeAll(() => place.furnish());
afterAll(() => place.down());

test("a service in a sandbox can connect to the control socket, but its requests are refused", async () => {
  place.write(
    "rogue/app.ts",
    `const ask = "${controlChannel.protocol} 0000\\n" + JSON.stringify({ act: "stop", names: ["web"] }) + "\\n";
await Bun.connect({ unix: ${JSON.stringify(join(place.env.BS9_HOME, "state/supervisor.sock"))}, socket: {
  open: (s) => void s.write(ask), data: (_, answer) => console.log(answer.toString()) } });
try { console.log(require("fs").readFileSync(${JSON.stringify(join(place.env.BS9_HOME, "state/supervisor.key"))}, "utf8")); } catch (e) { console.log(e.code); }
setInterval(() => {}, 1000);\n`,
  );
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  await place.bs9("start", "rogue/app.ts");
  await until(async () => (await place.bs9("logs", "rogue")).stdout.includes("the request lacks the key"), { what: "it is refused" });
  expect((await place.bs9("logs", "rogue")).stdout).toContain("EACCES");
  expect(await place.statusOf("web")).toMatchObject({ state: "active" });
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("a service that opens connections to the control socket in a loop does not keep commands from their correct answers", async () => {
  const sock = JSON.stringify(join(place.env.BS9_HOME, "state/supervisor.sock"));
  place.write(
    "flood/app.ts",
    `import { connect } from "node:net";
const held: import("node:net").Socket[] = [];
let opened = 0;
setInterval(() => {
  for (let i = 0; i < 200; i++) {
    held.push(connect(${sock}).on("error", () => {}));
    if (++opened === 2000) console.log("flooding");
    if (held.length > 3000) held.shift()?.destroy();
  }
}, 5);\n`,
  );
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  await place.bs9("start", "flood/app.ts", "--name", "flood", "--wait", "0");
  await until(() => place.read("bs9/state/logs/flood/stdout.log").includes("flooding"), { what: "it floods the socket" });
  for (let i = 0; i < 2; i++) {
    const pid = await place.pidOf("web");
    expect([pid > 0, lives(pid)]).toEqual([true, true]);
    expect(await place.bs9("stop", "web")).toMatchObject({ code: 0, stdout: "web stopped\n" });
    expect(lives(pid)).toBe(false);
    expect(await place.bs9("start", "web")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web started/) });
  }
  await place.bs9("delete", "all", "--yes");
}, 300_000);

test("packages of parent directories, hoisted and linked, work in a workspace", async () => {
  place.write("ws/package.json", '{"workspaces":["packages/*"]}');
  place.write("ws/node_modules/plain/package.json", '{"name":"plain","main":"index.js"}');
  place.write("ws/node_modules/plain/index.js", 'module.exports = "plain";');
  place.write("ws/packages/b/package.json", '{"name":"@w/b","main":"index.js"}');
  place.write("ws/packages/b/index.js", 'module.exports = "linked";');
  place.write("ws/packages/a/package.json", '{"name":"a"}');
  place.write(
    "ws/packages/a/app.ts",
    'import plain from "plain";\nimport linked from "@w/b";\nconsole.log(plain, linked);\nsetInterval(() => {}, 1000);\n',
  );
  mkdirSync(join(place.folder, "ws/node_modules/@w"));
  symlinkSync("../../packages/b", join(place.folder, "ws/node_modules/@w/b"));
  for (const options of [[], ["--cwd", "ws"]]) {
    expect(await place.bs9("start", "ws/packages/a/app.ts", "--name", "ws", ...options)).toMatchObject({ code: 0 });
    expect((await place.bs9("logs", "ws")).stdout).toContain("plain linked");
    await place.bs9("delete", "ws", "--yes");
  }
}, 240_000);

test("workers have the stop timeout to end in order, and the remaining processes of a crashed service are ended", async () => {
  place.write("wrap/run.sh", "#!/bin/sh\nsh ./inner.sh\n");
  place.write("wrap/inner.sh", "trap 'sleep 0.5; echo done >done; exit 0' TERM\nwhile :; do sleep 0.1; done\n");
  chmodSync(join(place.folder, "wrap/run.sh"), 0o755);
  expect((await place.bs9("start", "wrap/run.sh", "--name", "wrap")).code).toBe(0);
  await place.bs9("stop", "wrap");
  expect(place.read("wrap/done")).toBe("done\n");
  rmSync(join(place.folder, "wrap/done"));
  await place.bs9("start", "wrap");
  process.kill(await place.pidOf("wrap"), "SIGKILL");
  await until(() => existsSync(join(place.folder, "wrap/done")), { what: "the worker has ended in order" });
  await until(async () => (await place.statusOf("wrap")).restarts === 1, { what: "it is started again" });
  await place.bs9("delete", "wrap", "--yes");
}, 240_000);

test("workers of a service whose supervisor died end with the service, and do not block its next start", async () => {
  place.write("forky/run.sh", "#!/bin/sh\nsleep 1000 &\necho $! >worker\nwait\n");
  chmodSync(join(place.folder, "forky/run.sh"), 0o755);
  await place.bs9("start", "forky/run.sh", "--name", "forky");
  const worker = Number(place.read("forky/worker"));
  const main = await place.pidOf("forky");
  process.kill(place.supervisor() ?? -1, "SIGKILL");
  await dead();
  process.kill(main, "SIGKILL");
  await place.bs9("status");
  await until(() => !lives(worker), { what: "the old worker is gone" });
  await until(async () => (await place.statusOf("forky")).state === "active", { what: "it runs again" });
  await place.bs9("delete", "forky", "--yes");
}, 240_000);

test("services that were up when the supervisor was told to end are started by the next one, and do not count as failed", async () => {
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()), "--restart", "no");
  const before = await place.pidOf("web");
  process.kill(place.supervisor() ?? -1, "SIGTERM");
  await dead();
  expect(lives(before)).toBe(false);
  await place.bs9("status");
  await until(async () => (await place.statusOf("web")).state === "active", { what: "it is up again" });
  expect(await place.statusOf("web")).toMatchObject({ restarts: 0 });
  await place.bs9("delete", "web", "--yes");
}, 240_000);

test("a supervisor that dies while a service waits for its restart does not change the restart count", async () => {
  place.write("crash/app.ts", "process.exit(3);\n");
  await place.bs9("start", "crash/app.ts", "--name", "crash", "--restart-delay", "20s", "--wait", "0");
  // The first restart has no delay, so it is not waiting.
  const restarts = 2;
  await until(async () => Bun.deepMatch({ state: "activating", restarts }, await place.statusOf("crash")), { what: "it waits" });
  process.kill(place.supervisor() ?? -1, "SIGKILL");
  await dead();
  await place.bs9("status");
  expect(await place.statusOf("crash")).toMatchObject({ state: "activating", restarts });
  await place.bs9("delete", "crash", "--yes");
}, 240_000);

test("a control socket that cannot be created starts nothing and is reported, and later starts work again", async () => {
  await dead();
  place.write("bs9/state/supervisor.sock", "mine");
  const refused = await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining("supervisor.sock") });
  expect(place.supervisor()).toBeNull();
  rmSync(join(place.env.BS9_HOME, "state/supervisor.sock"));
  expect((await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()))).code).toBe(0);
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("run ends if its entry does not exist, and starts nothing if a port is taken", async () => {
  await dead();
  const nothing = place.run(["run", "nosuch.ts", "--port", "0"]);
  expect(await nothing.exited).not.toBe(0);
  using taken = Bun.serve({ port: 0, fetch: () => new Response("") });
  const refused = place.run(["run", "web/app.ts", "--port", String(taken.port)]);
  expect(await refused.exited).toBe(1);
  expect(await new Response(refused.stderr).text()).toContain("the port is taken");
  expect((await place.bs9("status", "--json")).stdout).toBe("[]\n");
}, 240_000);
