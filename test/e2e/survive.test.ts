// The app survives everything that happens to bs9, and a reboot.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();
let pendingSince = 0;

beforeAll(async () => {
  it = await lab("survive");
  await it.writeFile("ops", "web/app.ts", app);
  await it.writeFile(
    "ops",
    "slow/app.ts",
    'setTimeout(() => Bun.serve({ port: Number(process.env["PORT"]), fetch: () => new Response("slow") }), 600_000);\n',
  );
  // Needs a database that is away for a minute, which comes back in the last test but one.
  await it.writeFile(
    "ops",
    "needy/app.ts",
    'await Bun.connect({ hostname: "127.0.0.1", port: 4299, socket: { data() {} } });\nBun.serve({ port: 4203, fetch: () => new Response("up") });\n',
  );
  await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4200");
  pendingSince = performance.now();
  await bs9(it, "start", "needy/app.ts", "--name", "needy", "--wait", "0");
}, 300_000);
afterAll(() => it.down());

const killMain = async (name: string) => it.asUser("ops", ["sh", "-c", `kill -9 $(systemctl --user show -p MainPID --value ${name})`]);

test("after kill -9 of the app it serves again, restarts is 1, and the log says why", async () => {
  await killMain("web");
  await until(() => fetchIn(it, 4200, "/argv"), { what: "web serves again" });
  expect(await statusOf(it, "web")).toMatchObject({ state: "active", restarts: 1, sandbox: "effective" });
  await until(async () => (await bs9(it, "logs", "web")).stdout.includes("bs9: killed by SIGKILL"), { what: "the log names the signal" });
});

test("the app still restarts after a crash when the bs9 on PATH was replaced, overwritten in place, or deleted", async () => {
  await it.asUser("ops", [
    "sh",
    "-c",
    "cp .local/bin/bs9 bs9.away; rm .local/bin/bs9; printf '#!/bin/sh\\nexit 1\\n' >.local/bin/bs9; chmod +x .local/bin/bs9",
  ]);
  await killMain("web");
  await until(() => fetchIn(it, 4200, "/argv"), { what: "web serves with another file in bs9's place" });
  await it.asUser("ops", ["rm", ".local/bin/bs9"]);
  await killMain("web");
  await until(() => fetchIn(it, 4200, "/argv"), { what: "web serves without a bs9" });
  await it.asUser("ops", ["mv", "bs9.away", ".local/bin/bs9"]);
  expect(await statusOf(it, "web")).toMatchObject({ restarts: 3, sandbox: "effective" });
});

test("kill -9 of every other bs9 process under load: no request fails", async () => {
  const load = requests(150);
  const logs = it.start("ops", ["bs9", "logs", "web", "-f"]);
  const waiting = it.start("ops", ["bs9", "start", "slow/app.ts", "--name", "slow", "--port", "4201"]);
  await until(() => logs.stdout().includes("listening"), { what: "the logs are followed" });
  await until(async () => (await it.asUser("ops", ["systemctl", "--user", "is-active", "slow"])).stdout === "active\n", {
    what: "the start waits",
  });
  logs.kill("SIGKILL");
  waiting.kill("SIGKILL");
  await Promise.all([logs.exited, waiting.exited]);
  expect(await load).toEqual([]);
});

test("the next command completes or undoes a start that was killed", async () => {
  const { stdout, stderr } = await bs9(it, "status", "--json");
  expect(stderr).toContain("slow half changed");
  // The service does not listen yet, so its first definition is undone completely.
  expect(JSON.parse(stdout)).not.toContainEqual(expect.objectContaining({ name: "slow" }));
  expect((await it.asUser("ops", ["sh", "-c", "ls -A .config/bs9/pending; systemctl --user is-active slow"])).stdout).toBe("inactive\n");
  expect((await bs9(it, "status")).stderr).not.toContain("half changed");
});

test.each([5, 20, 40, 60, 90, 120, 200, 300])(
  "kill -9 of a first start after %d ms leaves the complete service or nothing of it",
  async (ms) => {
    const killed = it.start("ops", ["bs9", "start", "slow/app.ts", "--name", "half", "--port", "4202"]);
    await Bun.sleep(ms); // the moment of the kill varies; this is not a wait
    killed.kill("SIGKILL");
    await killed.exited;
    await bs9(it, "status");
    const spec = (await it.asUser("ops", ["test", "-e", ".config/bs9/services/half.json"])).code === 0;
    const unit = (await it.asUser("ops", ["test", "-e", ".config/systemd/user/half.service"])).code === 0;
    const active = (await it.asUser("ops", ["systemctl", "--user", "is-active", "half"])).stdout === "active\n";
    expect([spec, unit, active]).toEqual(Array(3).fill(spec));
    if (spec) await bs9(it, "delete", "half", "--yes");
  },
);

test("a changed start that is killed keeps one complete spec", async () => {
  const killed = it.start("ops", ["bs9", "start", "web/app.ts", "--name", "web", "--env", "A=1", "--health", "http://127.0.0.1:1/"]);
  await until(async () => (await it.asUser("ops", ["test", "-e", ".config/bs9/pending/web.json"])).code === 0, {
    what: "the change is pending",
  });
  await Bun.sleep(300);
  killed.kill("SIGKILL");
  await killed.exited;
  await bs9(it, "status");
  await until(async () => (await statusOf(it, "web")).ready, { what: "web serves" });
  expect(await statusOf(it, "web")).toMatchObject({ state: "active" });
  expect((await it.asUser("ops", ["ls", "-A", ".config/bs9/pending"])).stdout).toBe("");
});

test("two commands at the same time run one after the other", async () => {
  const both = await Promise.all([bs9(it, "restart", "web"), bs9(it, "start", "web/app.ts", "--name", "web", "--env", "B=1")]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect((await fetchIn<Record<string, string>>(it, 4200, "/env"))["B"]).toBe("1");
});

test("Ctrl-C undoes a start, which exits with 130", async () => {
  const interrupted = it.start("ops", ["bs9", "start", "slow/app.ts", "--name", "half", "--port", "4202"]);
  await until(async () => (await it.asUser("ops", ["systemctl", "--user", "is-active", "half"])).stdout === "active\n", {
    what: "the start waits",
  });
  interrupted.kill("SIGINT");
  expect(await interrupted.exited).toBe(130);
  expect((await bs9(it, "status", "half")).code).toBe(4);
});

test("if a port opens after a minute, the service is up within 35 s after that", async () => {
  await Bun.sleep(Math.max(0, 60_000 - (performance.now() - pendingSince)));
  expect(await statusOf(it, "needy")).toMatchObject({ state: "activating", pid: null });
  const database = it.start("ops", ["sh", "-c", "exec python3 -m http.server 4299 --bind 127.0.0.1"]);
  await until(
    () =>
      fetchIn(it, 4203, "/").then(
        () => true,
        (error: Error) => error.message.includes("JSON"),
      ),
    { what: "needy serves", timeoutMs: 35_000 },
  );
  database.kill("SIGTERM");
  await database.exited;
}, 300_000);

test("after a reboot running services run again, and stopped services stay stopped", async () => {
  await bs9(it, "start", "slow/app.ts", "--name", "slow", "--wait", "0");
  await bs9(it, "stop", "slow");
  await it.reboot();
  await until(() => fetchIn(it, 4200, "/argv"), { what: "web serves after the reboot" });
  expect(await statusOf(it, "web")).toMatchObject({ state: "active", restarts: 0, sandbox: "effective" });
  expect(await statusOf(it, "slow")).toMatchObject({ state: "inactive" });
}, 300_000);

/** Requests web repeatedly, and returns the errors. */
async function requests(times: number): Promise<unknown[]> {
  const bad: unknown[] = [];
  for (let i = 0; i < times; i++) {
    const answer = await it.fetch({ port: 4200, timeoutMs: 5000 }).catch((error: unknown) => error);
    if (!(answer instanceof Object && "status" in answer && answer.status === 200)) bad.push(answer);
    await Bun.sleep(10);
  }
  return bad;
}
