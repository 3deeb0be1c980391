// Each mistake gives one clear error, and loses nothing.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab } from "../harness.ts";
import { bs9, statusOf } from "./bs9.ts";

let it: Lab;

beforeAll(async () => {
  it = await lab("mistakes");
  await it.writeFile("ops", "web/app.ts", await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text());
  await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4100");
}, 300_000);
afterAll(() => it.down());

test.each<[string[], number, string]>([
  [["strat", "web"], 2, "did you mean 'start'"],
  [["start", "web/app.ts", "--prot", "1"], 2, "did you mean --port"],
  [["start", "web/app.ts", "--name", "Web"], 2, "cannot be named"],
  [["start", "web/app.ts", "--name", "bs9-agent"], 2, "reserved"],
  [["start", "web/app.ts", "--port", "70000"], 2, "from 1 to 65535"],
  [["start", "web/app.ts", "--memory", "lots"], 2, "a size such as 512M"],
  [["start", "web/app.ts", "--name", "p", "--health", "/up"], 2, "needs the port"],
  [["start", "web/app.ts", "--name", "p", "--health-restart"], 2, "nothing to probe"],
  [["start", "web", "--health-restart", "--restart", "no"], 2, "exclude each other"],
  [["start", "web/app.ts", "--restart", "sometimes"], 2, "must be one of on-failure, always, no"],
  [["start", "web/app.ts", "--env", "BUN_OPTIONS=--preload x"], 2, "BUN_OPTIONS"],
  [["start", "web/app.ts", "--env", "A=\uffff"], 2, "noncharacter"],
  [["start", "web/nothing.ts"], 1, "there is no such file"],
  [["start", "web"], 0, "unchanged"],
  [["start", "./web"], 1, "it is a directory"],
  [["start", "bs9.toml", "web"], 2, "start takes bs9.toml without other words"],
  [["start", "wbe"], 4, "did you mean 'web'"],
  [["start", "web/app.ts", "--name", "p", "--port", "80"], 1, "net.ipv4.ip_unprivileged_port_start=80"],
  [["start", "web/app.ts", "--name", "p", "--port", "4100"], 1, "port 4100 is taken by the service web"],
  [["start", "web/app.ts", "--name", "p", "--cwd", "nowhere"], 1, "nowhere does not exist"],
  [["start", "web/app.ts", "--name", "p", "--cwd", "web/app.ts"], 1, "app.ts is not a directory"],
  [["restart", "nope"], 4, "no service named"],
  [["stop", "x-*"], 4, "no service matches"],
  [["delete", "web"], 2, "--yes"],
  [["monit"], 2, "monit needs a terminal"],
  [["start", "web/app.ts", "--instances", "2"], 2, "--instances is not in this version"],
  [["logs", "web", "--grep", "("], 2, "--grep"],
])("the command line %j exits with %d and says why", async (argv, code, text) => {
  const outcome = await bs9(it, ...argv);
  expect(outcome.stdout + outcome.stderr).toContain(text);
  expect(outcome.code).toBe(code);
  expect(await statusOf(it, "web")).toMatchObject({ state: "active" });
});

test("an error with --json is JSON on stderr", async () => {
  const { stdout, stderr, code } = await bs9(it, "restart", "nope", "--json");
  expect({ stdout, code }).toEqual({ stdout: "", code: 4 });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: "not-found", message: 'there is no service named "nope"', hint: "bs9 status" },
  });
});

test("a foreign unit anywhere on the search path is neither changed nor shadowed", async () => {
  await it.asRoot([
    "sh",
    "-c",
    "mkdir -p /etc/systemd/user && printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/user/theirs.service",
  ]);
  const { code, stderr } = await bs9(it, "start", "web/app.ts", "--name", "theirs", "--port", "4109");
  expect(code).toBe(1);
  expect(stderr).toContain("systemd/user/theirs.service");
  expect((await it.asUser("ops", ["ls", ".config/systemd/user"])).stdout).not.toContain("theirs");
  await it.writeFile("ops", ".config/systemd/user/mine.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  expect((await bs9(it, "start", "web/app.ts", "--name", "mine", "--port", "4109")).stderr).toContain("not bs9's");
  expect((await it.asUser("ops", ["cat", ".config/systemd/user/mine.service"])).stdout).toContain("sleep 1000");
});

test("a unit of another bs9 home counts as foreign", async () => {
  const { code, stderr } = await it.asUser("ops", ["bs9", "start", "web/app.ts", "--name", "web", "--port", "4109"], {
    env: { BS9_HOME: "/home/ops/second" },
  });
  expect({ code, foreign: stderr.includes("another bs9 home, /home/ops/.config/bs9") }).toEqual({ code: 1, foreign: true });
});

test("an unreadable entry is refused", async () => {
  await it.writeFile("ops", "locked/app.ts", "1", "000");
  expect((await bs9(it, "start", "locked/app.ts")).stderr).toContain("permission denied");
});

test("arguments that are not UTF-8 are refused", async () => {
  const { code, stderr } = await it.asUser("ops", ["sh", "-c", "bs9 start web/app.ts --name p -- \"$(printf '\\377')\""]);
  expect({ code, told: stderr.includes("not valid UTF-8") }).toEqual({ code: 2, told: true });
});

test("commands on a full disk fail without losing data", async () => {
  // The runtime has 110 MB: the first attempt has too little space for the runtime, the second for anything.
  await it.asRoot([
    "sh",
    "-c",
    "mkdir -p /full && mount -t tmpfs -o size=256k,uid=1001 tmpfs /full && head -c 300000 /dev/zero >/full/fill 2>/dev/null; true",
  ]);
  const { code, stderr } = await it.asUser("ops", ["bs9", "start", "web/app.ts", "--name", "fuller", "--port", "4109"], {
    env: { BS9_HOME: "/full" },
  });
  expect({ code, told: stderr.includes("disk is full") }).toEqual({ code: 1, told: true });
  const tight = await it.asUser("ops", ["bs9", "start", "sleep", "--name", "fuller", "--", "1000"], { env: { BS9_HOME: "/full" } });
  expect({ code: tight.code, told: tight.stderr.includes("disk is full") }).toEqual({ code: 1, told: true });
  expect((await it.asUser("ops", ["systemctl", "--user", "is-active", "fuller"])).stdout).not.toBe("active\n");
});

test("an unreachable user manager gives exit 5 with the command line that fixes it", async () => {
  const other = await it.asRoot([
    "sh",
    "-c",
    "useradd -m -u 1004 lone; chmod 755 /home/ops /home/ops/.local /home/ops/.local/bin; runuser -u lone -- env -i HOME=/home/lone PATH=/usr/bin:/bin /home/ops/.local/bin/bs9 status",
  ]);
  expect(other.code).toBe(5);
  expect(other.stderr).toContain("Try: sudo loginctl enable-linger lone");
});

test("a spec that cannot be read does not affect other services", async () => {
  await it.writeFile("ops", ".config/bs9/services/broken.json", "{", "600");
  const { code, stdout, stderr } = await bs9(it, "status", "-q");
  expect({ code, stdout, told: stderr.includes("broken.json") }).toEqual({ code: 0, stdout: "web\n", told: true });
  expect(await bs9(it, "restart", "web")).toMatchObject({ code: 0 });
  expect((await bs9(it, "start", "web/app.ts", "--name", "web", "--env", "A=1")).code).toBe(0);
  await it.asUser("ops", ["rm", ".config/bs9/services/broken.json"]);
});

test("restart --runtime latest moves services on the bs9 runtime, and says which services it does not apply to", async () => {
  expect(await bs9(it, "restart", "web", "--runtime", "latest")).toMatchObject({ code: 0 });
  await it.writeFile("ops", "nap/nap", "#!/bin/sh\nexec sleep 1000\n", "755");
  await bs9(it, "start", "nap/nap");
  const { code, stderr } = await bs9(it, "restart", "web", "nap", "--runtime", "latest");
  expect({ code, told: stderr.includes("cannot restart nap: the service runs on no runtime") }).toEqual({ code: 1, told: true });
  expect(await statusOf(it, "nap")).toMatchObject({ state: "active" });
});

test("a hanging health command does not outlast --wait", async () => {
  const began = performance.now();
  expect((await bs9(it, "start", "nap/nap", "--name", "hung", "--health", "cmd:sleep 100; true", "--wait", "2")).code).toBe(1);
  expect(performance.now() - began).toBeLessThan(20_000);
});
