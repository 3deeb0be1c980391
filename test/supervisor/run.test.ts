// The built bs9 without systemd: the same commands, on a supervisor that may die.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { lackOfNarrowed } from "../../src/backend/narrowed.ts";
import { readProc } from "../../src/base/proc.ts";
import { freePort, tempDir, until } from "../harness.ts";
import { answers, get, Place } from "./bs9.ts";

const place = new Place();

beforeAll(() => place.furnish());
afterAll(() => place.down());

test("start, status, logs, restart, stop and delete work without systemd", async () => {
  const port = freePort();
  const greeting = 'a "b" %h $HOME\n\té\u{1f600} \\ `x`';
  const started = await place.bs9(
    "start",
    "web/app.ts",
    "--name",
    "web",
    "--port",
    String(port),
    "--env",
    `GREETING=${greeting}`,
    "--",
    "",
    "a b\n",
  );
  expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web started \(pid \d+, ready in .*, sandbox partial\)\n$/) });
  expect((await get(port, "/env"))["GREETING"]).toBe(greeting);
  expect(Object.values(await get(port, "/argv"))).toEqual(["", "a b\n"]);
  expect(await place.statusOf("web")).toMatchObject({
    state: "active",
    ready: true,
    restarts: 0,
    sandbox: "partial",
    backend: "supervisor",
    memoryBytes: expect.any(Number),
    limits: { files: { value: 65_536 }, tasks: { value: 512 } },
  });
  expect((await place.bs9("start", "web/app.ts", "--name", "web")).stdout).toMatch(
    /^web unchanged: no changes, it still runs \(pid \d+\)\n$/,
  );
  expect(Object.keys(await get(port, "/env")).sort()).toEqual(
    [
      "BS9_INJECT_DIR",
      "BS9_INJECT_STOP_MS",
      "GREETING",
      "HOME",
      "LOGNAME",
      "NODE_ENV",
      "OTEL_SERVICE_NAME",
      "PATH",
      "PORT",
      "SERVICE_NAME",
      "USER",
      "XDG_CACHE_HOME",
    ].sort(),
  );
  const follow = place.run(["logs", "web", "-f", "--json"]);
  const before = await place.pidOf("web");
  expect((await place.bs9("restart", "web")).code).toBe(0);
  expect(await place.pidOf("web")).not.toBe(before);
  let followed = "";
  const reading = (async () => {
    for await (const chunk of follow.stdout) followed += new TextDecoder().decode(chunk);
  })();
  await until(() => followed.split("listening").length > 2, { what: "both starts are followed" });
  follow.kill();
  await reading;
  const lines = followed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.find(({ message }) => message === "a word on stderr")).toMatchObject({ service: "web", stream: "stderr", level: "info" });
  expect((await place.bs9("stop", "web")).stdout).toBe("web stopped\n");
  expect(await place.statusOf("web")).toMatchObject({ state: "inactive", pid: null, ready: false });
  expect((await place.bs9("status", "web")).code).toBe(3);
  expect((await place.bs9("start", "web")).code).toBe(0);
  expect(await answers(port)()).toBe(true);
  expect((await place.bs9("describe", "web")).stdout).toContain("not in force");
  expect((await place.bs9("delete", "web", "--yes")).stdout).toBe("web deleted\n");
  expect(await place.bs9("status", "web")).toMatchObject({ code: 4 });
  expect(existsSync(join(place.env.BS9_HOME, "state/logs/web"))).toBe(false);
}, 240_000);

test("a service cannot read its user's files outside its project, gain privileges, or end other services", async () => {
  const port = freePort();
  expect((await place.bs9("start", "web/app.ts", "--name", "shut", "--port", String(port))).code).toBe(0);
  expect(String(await get(port, "/secret"))).toBe("refused: EACCES");
  expect(String(await get(port, "/bashrc"))).toBe("refused: EACCES");
  expect(String(await get(port, "/write"))).toBe("done");
  expect(readProc(`${await place.pidOf("shut")}/status`)).toContain("NoNewPrivs:\t1");
  place.write(
    "kill/app.ts",
    `try { process.kill(${place.supervisor()}, 0); console.log("reached"); } catch (e) { console.log(e.code); }\nsetInterval(() => {}, 1000);\n`,
  );
  await place.bs9("start", "kill/app.ts", "--name", "killer");
  expect((await place.bs9("logs", "killer")).stdout).toContain("EPERM");
  expect((await place.bs9("start", "web/app.ts", "--name", "shut", "--require-sandbox")).code).toBe(6);
  expect((await place.bs9("start", "web/app.ts", "--name", "open", "--sandbox", "off", "--port", String(freePort()))).code).toBe(0);
  expect(await place.statusOf("open")).toMatchObject({ sandbox: "off" });
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("an entry directly in the home directory starts, does not open the home directory, and is partial with the same words as on systemd", async () => {
  // No parent directory has node_modules, which would make the names of files in the home directory visible.
  const home = new Place(tempDir());
  try {
    home.furnish();
    home.write("homely.ts", home.read("web/app.ts"));
    const port = freePort();
    expect(await home.bs9("start", "homely.ts", "--name", "homely", "--port", String(port))).toMatchObject({ code: 0 });
    expect(String(await get(port, "/secret"))).toBe("refused: EACCES");
    expect(String(await get(port, "/write"))).toStartWith("refused");
    expect(await home.statusOf("homely")).toMatchObject({ state: "active", sandbox: "partial" });
    const [words] = lackOfNarrowed("home");
    expect((await home.bs9("describe", "homely")).stdout).toContain(words?.why ?? "nothing");
  } finally {
    await home.down();
  }
}, 240_000);

test("a service that throws at start is reported at once with its last lines, and no other service is affected", async () => {
  place.write("broken/app.ts", 'throw new Error("no database");\n');
  const began = performance.now();
  const broken = await place.bs9("start", "broken/app.ts", "--name", "broken");
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain("no database");
  expect(broken.stderr).toContain("cannot start broken: exited with 1");
  // The command does not wait for the 30 s of --wait.
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(await place.statusOf("broken")).toMatchObject({ state: "failed" });
  await place.bs9("delete", "broken", "--yes");
}, 240_000);

test("a crashing service is restarted with growing delays, and given up after --max-restarts", async () => {
  place.write("crash/app.ts", 'import { appendFileSync } from "node:fs";\nappendFileSync("runs", "x");\nprocess.exit(3);\n');
  await place.bs9("start", "crash/app.ts", "--name", "crash", "--max-restarts", "3", "--restart-delay", "200ms", "--wait", "0");
  await until(async () => (await place.statusOf("crash")).state === "activating", { what: "it waits" });
  await until(async () => (await place.statusOf("crash")).state === "failed", { what: "it is given up" });
  expect(await place.statusOf("crash")).toMatchObject({ restarts: 3 });
  expect(place.read("crash/runs")).toBe("xxxx");
  expect((await place.bs9("logs", "crash")).stdout).toContain("bs9: given up: it ended too often");
  await place.bs9("delete", "crash", "--yes");
}, 240_000);

test("the socket of a dead supervisor is replaced, but a foreign file in its place never is", async () => {
  await until(() => place.supervisor() === null, { what: "the one without services has ended" });
  place.write("bs9/state/supervisor.sock", "mine");
  const refused = await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  expect(refused.code).not.toBe(0);
  expect(place.read("bs9/state/supervisor.sock")).toBe("mine");
  Bun.spawnSync(["rm", join(place.env.BS9_HOME, "state/supervisor.sock")]);
  expect((await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()))).code).toBe(0);
  expect(statSync(join(place.env.BS9_HOME, "state/supervisor.sock")).mode & 0o777).toBe(0o600);
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("invalid requests on the socket are answered and do not end the supervisor", async () => {
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  const path = join(place.env.BS9_HOME, "state/supervisor.sock");
  const say = (text: string) =>
    new Promise<string>((done) => {
      let said = "";
      void Bun.connect({
        unix: path,
        socket: {
          open: (s) => void s.write(text),
          data: (_, chunk) => {
            said += chunk.toString();
          },
          close: () => done(said),
        },
      });
    });
  for (const text of [
    "\n",
    "{}\n",
    "null\n",
    '{"protocol":99,"act":"read","names":[]}\n',
    '{"protocol":2,"act":"stop","names":["../x"]}\n',
    '{"protocol":2,"act":"spawn"}\n',
  ])
    expect(JSON.parse(await say(text))).toMatchObject({ error: expect.any(String) });
  expect(await place.statusOf("web")).toMatchObject({ state: "active" });
  await place.bs9("delete", "all", "--yes");
}, 240_000);

test("services of one backend are not started on another backend", async () => {
  await place.bs9("start", "web/app.ts", "--name", "web", "--port", String(freePort()));
  const other = await new Response(
    Bun.spawn([join(import.meta.dir, "../../dist/bs9"), "status"], { env: { ...place.env, BS9_BACKEND: "nonsense" }, stderr: "pipe" })
      .stderr,
  ).text();
  expect(other).toContain("must be systemd or supervisor");
  await place.bs9("delete", "all", "--yes");
}, 240_000);
