// Deliveries through several channels at once, the heartbeat, the journal, and the test of the channels.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { channelWarnings } from "../../src/alerting/channels/channels.ts";
import { journal } from "../../src/alerting/channels/journal.ts";
import { testChannels } from "../../src/alerting/channels/trial.ts";
import { AlertConfig, type ChannelsConfig } from "../../src/alerting/config/config.ts";
import { AlertMessage } from "../../src/alerting/message.ts";
import { Deliveries, type DeliveryOptions } from "../../src/alerting/spool/deliver.ts";
import { freePort, until } from "../harness.ts";
import { firedAndResolved, messageNamed } from "./messages.ts";
import { httpReceiver, type Received, smtpReceiver } from "./receivers.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function receiver(answer?: Parameters<typeof httpReceiver>[0]) {
  const made = httpReceiver(answer);
  closing.push(made.stop);
  return made;
}

const ground = { home: "/nonexistent", now: Date.now, run: () => Promise.reject(new Error("the program does not exist")) };
const fast = { attemptMs: 300, firstMs: 20, longestMs: 100 };

function deliver(channels: ChannelsConfig, more: Partial<DeliveryOptions> = {}): Deliveries {
  const file = join(mkdtempSync(join(tmpdir(), "bs9-deliver-")), "spool.db");
  const made = new Deliveries({ file, channels, pace: fast, ...ground, ...more });
  closing.push(() => made.close());
  return made;
}

const idsIn = (received: Received[]) => received.map(({ headers }) => headers.get("webhook-id") ?? "");

test("a channel that hangs, and one that refuses, delay neither the caller nor another channel", async () => {
  const [good, hanging, refusing] = [
    receiver(),
    receiver(() => new Promise<Response>(() => {})),
    receiver(() => new Response("no", { status: 500 })),
  ];
  const deliveries = deliver({ webhooks: [hanging, good, refusing].map(({ url }) => ({ url })) });
  const ids = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const beganMs = performance.now();
  for (const id of ids) deliveries.put(messageNamed(id));
  expect(performance.now() - beganMs).toBeLessThan(1000);
  await until(() => good.received.length === ids.length, { what: "the good channel has everything" });
  expect(idsIn(good.received)).toEqual(ids);
  await until(() => hanging.received.length > 3 && refusing.received.length > 3, { what: "the others are tried again" });
  // Messages stay in order, and each attempt carries the id of its message.
  for (const { received } of [hanging, refusing]) expect(new Set(idsIn(received))).toEqual(new Set(["m0"]));
  const sentences = deliveries.notices().map(({ what }) => what);
  expect(sentences).toContainEqual(expect.stringMatching(/^20 messages cannot be sent through webhook .*: no answer in time$/));
  expect(sentences).toContainEqual(expect.stringMatching(/^20 messages cannot be sent through webhook .*: 500 .*: no$/));
  expect(sentences).toHaveLength(2);
});

test("when a receiver comes back, everything arrives in order and nothing is told of it any more", async () => {
  let isDown = true;
  const { url, received } = receiver(() => new Response(null, { status: isDown ? 503 : 204 }));
  const deliveries = deliver({ webhooks: [{ url }] });
  for (const id of ["a", "b", "c"]) deliveries.put(messageNamed(id));
  await until(() => deliveries.notices().length === 1, { what: "the trouble is told" });
  isDown = false;
  await until(() => deliveries.waiting() === 0, { what: "everything was sent" });
  expect(idsIn(received).slice(-3)).toEqual(["a", "b", "c"]);
  expect(deliveries.notices()).toEqual([]);
});

test("what waited when the deliveries were closed is sent by the next ones; what waited for a removed channel is given up", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bs9-deliver-")), "spool.db");
  const dead = `http://127.0.0.1:${freePort()}/`;
  const { url, port, received, stop } = httpReceiver(() => new Response(null, { status: 503 }));
  const first = deliver({ webhooks: [{ url }, { url: dead }] }, { file });
  first.put(messageNamed("a"));
  await until(() => received.length > 0, { what: "an attempt" });
  await first.close();
  closing.pop();
  await stop();
  const back = httpReceiver(undefined, port);
  closing.push(back.stop);
  const next = deliver({ webhooks: [{ url }] }, { file });
  await until(() => back.received.length > 0, { what: "the message that waited arrives" });
  expect(idsIn(back.received)).toEqual(["a"]);
  await until(() => next.waiting() === 0, { what: "nothing waits for the channel that was removed" });
  await next.close();
  closing.pop();
  const last = deliver({ webhooks: [{ url: dead }] }, { file });
  expect(last.waiting()).toBe(0);
  last.put(messageNamed("b"));
  expect(last.waiting()).toBe(1);
  expect(idsIn(back.received)).toEqual(["a"]);
});

test("what was lost at the limit of the spool is counted and told", async () => {
  const deliveries = deliver(
    { webhooks: [{ url: `http://127.0.0.1:${freePort()}/` }] },
    { limits: { messages: 2, bytes: 100_000, ageMs: 60_000 } },
  );
  for (let n = 0; n < 5; n++) deliveries.put(messageNamed(`m${n}`));
  expect(deliveries.notices().map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^3 messages for webhook .* are lost: refused, or not sent in time$/),
  );
});

test("messages that another process puts into the spool are sent", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bs9-deliver-")), "spool.db");
  const { url, received } = receiver();
  const channels = { webhooks: [{ url }] };
  deliver(channels, { file });
  const script = `
    const { AlertSpool } = await import(${JSON.stringify(join(import.meta.dir, "../../src/alerting/spool/spool.ts"))});
    const { webhook } = await import(${JSON.stringify(join(import.meta.dir, "../../src/alerting/channels/webhook.ts"))});
    const { address } = webhook({ url: ${JSON.stringify(url)} }, { home: "/", now: Date.now });
    new AlertSpool(${JSON.stringify(file)}).put(${JSON.stringify(messageNamed("foreign"))}, [address]);`;
  expect(await Bun.spawn([process.execPath, "-e", script]).exited).toBe(0);
  await until(() => received.length === 1, { what: "the message of the other process arrives" });
});

test("a heartbeat is sent after the first turn and then at its interval, and a failing one is told", async () => {
  const { url, received } = receiver();
  const deliveries = deliver({ webhooks: [] }, { heartbeat: { url, everySeconds: 0.05 } });
  for (let count = 1; count <= 3; count++) {
    deliveries.turned();
    await until(() => received.length >= count, { what: `heartbeat ${count}` });
  }
  const failing = deliver({ webhooks: [] }, { heartbeat: { url: `http://127.0.0.1:${freePort()}/secret`, everySeconds: 5 } });
  failing.turned();
  await until(() => failing.notices().length === 1, { what: "the failing heartbeat is told" });
  expect(failing.notices()[0]?.what).toMatch(/^the heartbeat to http:\/\/127\.0\.0\.1:\d+\/… fails: connection refused$/);
});

test("an agent that ends no turn sends no heartbeat, and a call that hangs is the only one", async () => {
  const { url, received } = receiver();
  const hung = receiver(() => new Promise<Response>(() => {}));
  const [hanging, waiting] = [url, hung.url].map((one) => deliver({ webhooks: [] }, { heartbeat: { url: one, everySeconds: 0.02 } }));
  const marker = receiver();
  const beside = deliver({ webhooks: [] }, { heartbeat: { url: marker.url, everySeconds: 0.02 } });
  hanging?.turned();
  for (let count = 1; count <= 10; count++) {
    waiting?.turned();
    beside.turned();
    await until(() => marker.received.length >= count, { what: `heartbeat ${count} of another agent` });
  }
  expect([received.length, hung.received.length]).toEqual([1, 1]);
  hanging?.turned();
  await until(() => received.length === 2, { what: "the heartbeat after the next turn" });
});

test("a journal entry has a priority and fields, and a line in a sentence adds no field", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bs9-journal-"));
  const path = join(folder, "socket");
  // Bun has no Unix datagram sockets, and Python is on every Debian.
  const code = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("up",flush=True)
for _ in range(2): print(s.recv(65536).decode().encode().hex(),flush=True)`;
  const server = Bun.spawn(["python3", "-c", code, path], { stdio: ["ignore", "pipe", "inherit"], timeout: 20_000, killSignal: "SIGKILL" });
  const lines = new Response(server.stdout).text();
  await until(
    async () =>
      await Bun.$`test -S ${path}`
        .nothrow()
        .quiet()
        .then(({ exitCode }) => exitCode === 0),
    { what: "the socket" },
  );
  const { firing, resolved } = firedAndResolved("web failed\nPRIORITY=0\nBS9_RULE=evil");
  expect(await journal(path).send(messageNamed("m1", [firing, resolved]), AbortSignal.timeout(1000))).toMatchObject({ isTaken: true });
  const [, first = "", second = ""] = (await lines).split("\n");
  expect(Buffer.from(first, "hex").toString().split("\n")).toEqual([
    "MESSAGE=web failed PRIORITY=0 BS9_RULE=evil",
    "PRIORITY=3",
    "SYSLOG_IDENTIFIER=bs9-alert",
    "BS9_SUBJECT=web",
    "BS9_RULE=failed",
    "BS9_KIND=firing",
    `BS9_ALERT_ID=${firing.id}`,
    "BS9_MESSAGE_ID=m1",
    "",
  ]);
  expect(Buffer.from(second, "hex").toString()).toStartWith("MESSAGE=resolved: web failed PRIORITY=0 BS9_RULE=evil\nPRIORITY=5\n");
  expect(await journal(`${path}.none`).send(messageNamed("m2"), AbortSignal.timeout(1000))).toMatchObject({ isTaken: false });
});

test("a test of the channels gives one line for each, within the timeout, whether it is good, refusing, hanging or invalid", async () => {
  const [good, refusing, hanging] = [
    receiver(),
    receiver(() => new Response("no", { status: 403 })),
    receiver(() => new Promise<Response>(() => {})),
  ];
  const smtp = await smtpReceiver({ hang: "EHLO" });
  closing.push(smtp.stop);
  const webhooks = [good.url, refusing.url, hanging.url, "http://does-not-exist.invalid/"].map((url) => ({ url }));
  const mail = { host: "127.0.0.1", port: smtp.port, from: "a@example.org", to: "b@example.org" };
  const timeoutMs = 700;
  const beganMs = performance.now();
  const trials = await testChannels({
    ...ground,
    channels: { webhooks, mail, command: { argv: ["nothing"] } },
    heartbeat: { url: good.url },
    host: "vps-1",
    timeoutMs,
  });
  expect(performance.now() - beganMs).toBeLessThan(timeoutMs + 1000);
  expect(trials.map(({ ok, answer }) => [ok, answer])).toEqual([
    [true, "204 No Content"],
    [false, "403 Forbidden: no"],
    [false, "no answer in time"],
    [false, expect.stringMatching(/does not exist|no connection|no answer/)],
    [false, "no answer in time"],
    [false, "the program does not exist"],
    [true, "204 No Content"],
  ]);
  expect(JSON.parse(good.received.find(({ body }) => body !== "")?.body ?? "")).toMatchObject({ version: 1, host: "vps-1", events: [] });
});

test("the channels of README are valid, and its example of a message is one", async () => {
  const readme = await Bun.file(join(import.meta.dir, "../../README.md")).text();
  const blocks = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");
  const config = blocks.find((text) => text.includes('"channels"'));
  expect(v.safeParse(AlertConfig, JSON.parse(config ?? "null")).issues).toBeUndefined();
  expect(channelWarnings(v.parse(AlertConfig, JSON.parse(config ?? "")).channels, undefined)).toEqual([]);
  const message = blocks.find((text) => text.includes('"version": 1') && text.includes('"events"'));
  expect(v.safeParse(AlertMessage, JSON.parse(message ?? "null")).issues).toBeUndefined();
});

test("a spool that cannot be read gives a notice, and one that is damaged within is set aside when it is opened", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bs9-deliver-")), "spool.db");
  const first = deliver({ webhooks: [], journal: true }, { file });
  const db = new Database(file);
  db.run("DROP TABLE queue");
  db.close();
  expect(first.notices().map(({ what }) => what)).toContainEqual(
    expect.stringContaining("the file in which alerts wait for their channels cannot be read: "),
  );
  expect(() => first.put(messageNamed("a"))).toThrow("cannot write an alert to the spool");
  await first.close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xff, 4096));
  const next = deliver({ webhooks: [{ url: `http://127.0.0.1:${freePort()}/` }] }, { file });
  expect(next.notices().map(({ what }) => what)).toContainEqual(expect.stringContaining("was damaged and is now"));
  next.put(messageNamed("b"));
  expect(next.waiting()).toBe(1);
});
