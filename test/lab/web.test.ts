// bs9 web --detach on a real systemd: the same URL over a reboot, acts from inside its sandbox, and its end.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { bs9, statusOf } from "../e2e/bs9.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
let url = "";
const app = "Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response('up') });\n";

beforeAll(async () => {
  it = await lab("web");
  await it.writeFile("ops", "shop/app.ts", app);
  succeed(await bs9(it, "start", "shop/app.ts", "--name", "shop", "--port", "4900"), "start shop");
  url = succeed(await bs9(it, "web", "--detach", "--quiet"), "web --detach").stdout.trim();
}, 300_000);
afterAll(() => it.down());

/** Asks with the token in a shell of the lab, as a script does. */
async function ask(method: "GET" | "POST", path: string): Promise<{ status: number; text: string }> {
  const script = `const token = (await Bun.file(process.env.HOME + "/.config/bs9/web.token").text()).trim();
    const answered = await fetch(${JSON.stringify(url)} + ${JSON.stringify(path)}, { method: ${JSON.stringify(method)}, headers: { Authorization: "Bearer " + token } });
    console.log(JSON.stringify({ status: answered.status, text: await answered.text() }));`;
  const { code, stdout } = await it.asUser("ops", ["env", "BUN_BE_BUN=1", "bs9", "-e", script]);
  return code === 0 ? JSON.parse(stdout) : { status: 0, text: "" };
}

test("the detached server answers, acts on a service, and the trail names its client", async () => {
  expect(url).toBe("http://127.0.0.1:8080/");
  expect(JSON.parse((await ask("GET", "api/metrics")).text).services).toMatchObject([
    { name: "shop", state: "active", figuresFrom: "agent" },
  ]);
  const before = (await statusOf(it, "shop")).pid;
  const restarted = await ask("POST", "api/services/shop/restart");
  expect(restarted.status).toBe(200);
  expect(JSON.parse(restarted.text)).toMatchObject([{ result: "restarted", status: { state: "active", sandbox: "effective" } }]);
  expect((await statusOf(it, "shop")).pid).not.toBe(before);
  const { records } = JSON.parse((await ask("GET", "api/history?limit=1")).text);
  expect(records).toMatchObject([{ act: "restart", who: { origin: "web", http: { address: "127.0.0.1", by: "token" } } }]);
}, 60_000);

test("a detach that cannot work says why, and the server that runs goes on; one that works keeps the port", async () => {
  const first = succeed(await it.asUser("ops", ["systemctl", "--user", "show", "-P", "MainPID", "bs9-web"]), "show").stdout;
  for (const [words, why] of [
    [["--port", "4900"], "the port is taken"],
    [["--host", "203.0.113.1"], "cannot listen on 203.0.113.1"],
  ] as const) {
    const { code, stderr } = await bs9(it, "web", "--detach", ...words);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  }
  expect(succeed(await it.asUser("ops", ["systemctl", "--user", "show", "-P", "MainPID", "bs9-web"]), "show").stdout).toBe(first);
  expect((await ask("GET", "api/metrics")).status).toBe(200);
  expect(succeed(await bs9(it, "web", "--detach", "--quiet"), "web --detach").stdout.trim()).toBe(url);
  expect((await ask("GET", "api/metrics")).status).toBe(200);
}, 60_000);

test("doctor reports that the detached server does not run, and starts it again", async () => {
  const findings = async () => JSON.parse((await bs9(it, "doctor", "--json")).stdout).findings.map(({ id }: { id: string }) => id);
  expect(await findings()).not.toContain("web");
  succeed(await it.asUser("ops", ["systemctl", "--user", "stop", "bs9-web"]), "stop");
  expect(await findings()).toContain("web");
  await bs9(it, "doctor", "--fix", "--yes");
  await until(async () => (await ask("GET", "api/metrics")).status === 200, { what: "the server answers again" });
}, 90_000);

test("after a reboot the same URL answers", async () => {
  await it.reboot();
  await until(async () => (await ask("GET", "api/metrics")).status === 200, { what: "the server answers again", timeoutMs: 60_000 });
  expect(succeed(await bs9(it, "web", "--print-url"), "web --print-url").stdout).toStartWith(`${url}login?code=`);
}, 120_000);

test("web --stop ends and removes the server, and a unit of somebody else is left alone", async () => {
  succeed(await bs9(it, "web", "--stop"), "web --stop");
  expect((await ask("GET", "healthz")).status).toBe(0);
  const gone = await it.asUser("ops", ["systemctl", "--user", "cat", "bs9-web.service"]);
  expect(gone.code).not.toBe(0);
  expect((await bs9(it, "web", "--stop")).code).toBe(1);
  await it.writeFile("ops", ".config/systemd/user/bs9-web.service", "[Service]\nExecStart=/bin/sleep infinity\n");
  const refused = await bs9(it, "web", "--detach");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("not bs9's")]);
}, 60_000);
