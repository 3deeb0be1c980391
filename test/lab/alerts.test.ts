// Alerts of the built bs9 under a real systemd, at a real receiver: each state is told once, and resolved once.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Kills, killAgain, Receiver, untilAllTold } from "../e2e/alerts.ts";
import { bs9 } from "../e2e/bs9.ts";
import { freePort, type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
let receiver: Receiver;

const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';
/** Answers until it is told to answer with an error, or not at all. */
const turning = `let mode = "/";
Bun.serve({ port: Number(process.env["PORT"]), hostname: "127.0.0.1", idleTimeout: 0, fetch: ({ url }) => {
  const { pathname } = new URL(url);
  if (pathname !== "/") mode = pathname;
  if (pathname === "/" && mode === "/hang") return new Promise(() => {});
  return new Response("", { status: pathname === "/" && mode === "/error" ? 500 : 200 });
} });
`;
const once = { firing: 1, resolved: 0 };
const both = { firing: 1, resolved: 1 };

beforeAll(async () => {
  it = await lab("alerts", { hostNetwork: true });
  receiver = new Receiver(freePort());
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  await it.writeFile("ops", "apps/turning.ts", turning);
  await it.writeFile("ops", "apps/sleeping.sh", "#!/bin/sh\nexec sleep infinity\n", "755");
  await it.writeFile("ops", "apps/crashing.sh", "#!/bin/sh\nsleep 0.2\nexit 3\n", "755");
  await it.writeFile("ops", "apps/burning.sh", '#!/bin/sh\nwhile [ ! -e "$HOME/apps/rest" ]; do :; done\nexec sleep infinity\n', "755");
  succeed(await bs9(it, "alert", "--webhook", receiver.url, "--cooldown", "0"), "bs9 alert");
}, 300_000);
afterAll(async () => {
  receiver.close();
  await it.down();
});

const names = Array.from({ length: 20 }, (_, i) => `many-${i}`);
const startMany = async () => {
  for (const name of names)
    succeed(await bs9(it, "start", "apps/sleeping.sh", "--name", name, "--restart", "no", "--wait", "0"), `start ${name}`);
};

/** The events of a service may arrive together with those of others, so many tests share the time in which they arrive. */
const marked = Promise.withResolvers<void>();
const began = new Map<string, Promise<void>>();
function begin(what: string, work: () => Promise<void>): void {
  const promise = work();
  promise.catch(() => {});
  began.set(what, promise);
}

let kills: Kills;

test("a killed service is told within two seconds, and its start is told", async () => {
  begin("many", startMany);
  kills = await killAgain(it, receiver, { rounds: 2, gapMs: 6000 });
  // `npm run prove -- alerts` measures the delay on a machine that is not busy.
  for (const delayMs of kills.delaysMs) expect(delayMs).toBeLessThan(2000);
  await began.get("many");
}, 120_000);

test("what bs9 itself does is not told, and what was told before was told once", async () => {
  const told = receiver.received.length;
  for (const mode of ["error", "hang"]) begin(mode, () => unhealthy(mode));
  begin("crash", crashing);
  begin("burn", burning);
  succeed(await bs9(it, "restart", "victim"), "restart");
  succeed(await bs9(it, "stop", "victim"), "stop");
  succeed(await bs9(it, "start", "victim"), "start");
  await receiver.has("crashing", "crashLoop", "firing");
  await untilAllTold(it, receiver, "marker");
  const subjects = receiver.received.slice(told).flatMap(({ message }) => message.events.map(({ subject }) => subject));
  const others = ["error", "hang", "crashing", "burning"];
  expect(new Set(subjects.filter((subject) => !others.includes(subject)))).toEqual(new Set(["marker"]));
  expect(kills.wrong()).toBe(0);
  marked.resolve();
}, 120_000);

async function unhealthy(mode: string): Promise<void> {
  const port = freePort();
  const options = ["--name", mode, "--port", String(port), "--health", "/"];
  succeed(await bs9(it, "start", "apps/turning.ts", ...options), `start ${mode}`);
  await it.fetch({ port, path: `/${mode}` });
  await receiver.has(mode, "health", "firing");
  await it.fetch({ port, path: "/well" });
  await receiver.has(mode, "health", "resolved");
}

test("errors on the health path and a service that hangs are each told once, and resolved once", async () => {
  for (const mode of ["error", "hang"]) {
    await began.get(mode);
    expect(receiver.counts(mode, "health")).toEqual(both);
  }
}, 120_000);

async function crashing(): Promise<void> {
  await bs9(it, "start", "apps/crashing.sh", "--wait", "0");
  await receiver.has("crashing", "crashLoop", "firing");
  await marked.promise;
  expect(receiver.counts("crashing", "crashLoop")).toEqual(once);
  succeed(await bs9(it, "stop", "crashing"), "stop");
  await receiver.has("crashing", "crashLoop", "resolved");
}

test("a crash loop is told once, and resolved once when the service is stopped", async () => {
  await began.get("crash");
  expect(receiver.counts("crashing", "crashLoop")).toEqual(both);
}, 120_000);

async function burning(): Promise<void> {
  succeed(await bs9(it, "alert", "--service", "victim", "--cpu", "off"), "a rule of another service");
  succeed(await bs9(it, "start", "apps/burning.sh"), "start burning");
  succeed(await bs9(it, "alert", "--service", "burning", "--cpu", "20", "--for", "2s"), "bs9 alert");
  await receiver.has("burning", "cpu", "firing");
  await it.writeFile("ops", "apps/rest", "");
  await receiver.has("burning", "cpu", "resolved");
}

test("a service that burns CPU is told once after its `for`, and resolved once", async () => {
  await began.get("burn");
  expect(receiver.counts("burning", "cpu")).toEqual(both);
  const event = receiver.events().find(({ rule }) => rule === "cpu");
  expect(event).toMatchObject({ threshold: 20, unit: "percent", severity: "warning" });
  expect((event?.atMs ?? 0) - (event?.sinceMs ?? 0)).toBeGreaterThanOrEqual(2000);
}, 120_000);

const toldOfMany = () => receiver.events().filter(({ rule, subject }) => rule === "failed" && names.includes(subject));

test("20 services that fail at one instant, while the agent is killed, are all told", async () => {
  const script = "systemctl --user kill --signal=KILL 'many-*'; kill -9 $(systemctl --user show -P MainPID bs9-agent)";
  succeed(await it.asUser("ops", ["sh", "-c", script]), "kill");
  await until(() => new Set(toldOfMany().map(({ subject }) => subject)).size === names.length, { what: "all are told", timeoutMs: 30_000 });
  begin("marker-of-many", () => untilAllTold(it, receiver, "marker-of-many"));
}, 180_000);

test("the command shows the alerts, acknowledges one, silences a service, and records who did it", async () => {
  const { alerts } = JSON.parse((await bs9(it, "alert", "--json")).stdout) as { alerts: { id: string; subject: string }[] };
  expect(alerts.map(({ subject }) => subject)).toContain("many-7");
  const { id = "" } = alerts.find(({ subject }) => subject === "many-7") ?? {};
  succeed(await bs9(it, "alert", "--ack", id), "ack");
  succeed(await bs9(it, "alert", "--silence", "many-7", "1h"), "silence");
  expect((await bs9(it, "alert")).stdout).toMatch(/many-7 is silenced until .*\n[\s\S]*acknowledged by ops/);
  succeed(await bs9(it, "alert", "--silence", "many-7", "off"), "end of the silence");
  expect((await bs9(it, "alert", "--ack", "nothing")).code).toBe(4);
  const trail = JSON.parse((await bs9(it, "history", "many-7", "--json")).stdout) as { act: string; difference: { path: string }[] }[];
  const paths = trail.filter(({ act }) => act === "alert").flatMap(({ difference }) => difference.map(({ path }) => path));
  expect(paths).toEqual(["acknowledged", "silencedUntil", "silencedUntil"]);
  expect((await bs9(it, "alert", "--history", "--service", "many-7")).stdout).toContain("many-7 failed: killed by SIGKILL");
}, 60_000);

test("the 20 services that failed at one instant made at most five messages, and a repeat has the same id", async () => {
  await began.get("marker-of-many");
  const messages = receiver.received.filter(({ message }) => message.events.some(({ subject }) => names.includes(subject)));
  expect(messages.length).toBeLessThanOrEqual(5);
  expect(new Set(toldOfMany().map(({ id }) => id)).size).toBe(names.length);
}, 60_000);

test("a line in the journal that matches a pattern is told, and a replay names the failures that were told", async () => {
  const patterns = [{ name: "panic", pattern: "^panic: \\w+$", service: "panics" }];
  const file = { cooldownSeconds: 0, patterns, channels: { webhooks: [{ url: receiver.url }] } };
  await it.writeFile("ops", ".config/bs9/alerts.json", JSON.stringify(file), "600");
  await it.writeFile("ops", "apps/panics.sh", "#!/bin/sh\nwhile sleep 1; do echo panic: cheese; done\n", "755");
  succeed(await bs9(it, "start", "apps/panics.sh"), "start panics");
  const told = () => receiver.received.flatMap(({ message }) => message.events).find(({ rule }) => rule === "pattern.panic");
  const { sentence } = await until(told, { timeoutMs: 20_000, what: "the line is told" });
  expect(sentence).toMatch(/^panics wrote a line that matches \/\^panic: \\w\+\$\/(, and \d more)?: panic: cheese$/);
  const shown = JSON.parse(succeed(await bs9(it, "alert", "--replay", "1h", "--json"), "bs9 alert --replay").stdout);
  const failed = (events: { kind: string; rule: string; subject: string }[]) =>
    new Set(events.flatMap(({ kind, rule, subject }) => (kind === "firing" && rule === "failed" ? [subject] : [])));
  for (const subject of failed(toldOfMany())) expect(failed(shown.events)).toContain(subject);
  expect(shown.steps).toMatchObject([{ stepMs: 1000 }]);
}, 60_000);

test("a mistake in alerts.json is told with its line, and the previous rules stay in force", async () => {
  await it.writeFile("ops", ".config/bs9/alerts.json", '{\n  "rules": {"cpu": {"valeu": 90}}\n}\n');
  const shown = await bs9(it, "alert");
  expect([shown.code, shown.stderr]).toEqual([
    1,
    expect.stringContaining("alerts.json:2: rules.cpu.value: is missing; the previous rules"),
  ]);
  expect((await bs9(it, "alert", "--cpu", "90")).code).toBe(1);
  await until(async () => (await bs9(it, "describe", "bs9-agent")).stdout.includes("alerts.json:2"), { what: "the agent tells it" });
}, 60_000);
