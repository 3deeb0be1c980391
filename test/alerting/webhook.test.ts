// Webhooks against real HTTP servers: good, refusing, redirecting, hanging, slow and huge; the signature; templates and presets.
import { afterEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { channelWarnings } from "../../src/alerting/channels/channels.ts";
import { request } from "../../src/alerting/channels/post.ts";
import { mistakeInTemplate } from "../../src/alerting/channels/template.ts";
import { webhook } from "../../src/alerting/channels/webhook.ts";
import type { WebhookConfig } from "../../src/alerting/config/config.ts";
import { AlertMessage } from "../../src/alerting/message.ts";
import { eventNamed, firedAndResolved, messageNamed } from "./messages.ts";
import { httpReceiver } from "./receivers.ts";

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function receiver(answer?: Parameters<typeof httpReceiver>[0]) {
  const made = httpReceiver(answer);
  closing.push(made.stop);
  return made;
}

/** Its first byte arrives, and nothing after it. */
function slowBody(): ReadableStream {
  let isFirst = true;
  return new ReadableStream({
    pull(stream) {
      if (!isFirst) return new Promise(() => {});
      isFirst = false;
      stream.enqueue(Buffer.from("s"));
      return undefined;
    },
  });
}

const ground = { home: "/nonexistent", now: () => 1_767_225_601_500 };
const sent = (config: WebhookConfig, message = messageNamed("m1"), timeoutMs = 5000) =>
  webhook(config, ground).send(message, AbortSignal.timeout(timeoutMs));

test("a webhook sends the whole message as JSON, with its id, and reports the status", async () => {
  const { url, received } = receiver();
  expect(await sent({ url })).toEqual({ isTaken: true, answer: "204 No Content" });
  expect(v.parse(AlertMessage, JSON.parse(received[0]?.body ?? ""))).toEqual(messageNamed("m1"));
  expect(received[0]?.headers.get("webhook-id")).toBe("m1");
  expect(received[0]?.headers.get("content-type")).toBe("application/json");
  expect(received[0]?.headers.get("webhook-signature")).toBeNull();
});

test("the signature is the HMAC of id, timestamp and body, as an independent computation finds it", async () => {
  const { url, received } = receiver();
  const key = Buffer.from("0123456789abcdef0123456789abcdef");
  for (const secret of ["plain secret", `whsec_${key.toString("base64")}`]) await sent({ url, secret });
  for (const [i, used] of ["plain secret", key].entries()) {
    const { headers, body } = received[i] ?? { headers: new Headers(), body: "" };
    const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
    expect(headers.get("webhook-timestamp")).toBe("1767225601");
    expect(headers.get("webhook-signature")).toBe(`v1,${createHmac("sha256", used).update(signed).digest("base64")}`);
  }
});

test("a secret file that others can read is refused, and nothing is sent", async () => {
  const { url, received } = receiver();
  const secretFile = join(mkdtempSync(join(tmpdir(), "bs9-secret-")), "secret");
  writeFileSync(secretFile, "s\n", { mode: 0o644 });
  expect(await sent({ url, secretFile })).toMatchObject({ isTaken: false, answer: `other users can read ${secretFile}` });
  expect(received).toHaveLength(0);
  chmodSync(secretFile, 0o600);
  expect(await sent({ url, secretFile })).toMatchObject({ isTaken: true });
  expect(await sent({ url, secretFile: `${secretFile}.none` })).toMatchObject({
    isTaken: false,
    answer: `${secretFile}.none does not exist`,
  });
});

test.each<[string, number, boolean]>([
  ["a receiver that does not want the message", 400, true],
  ["a receiver that finds it too large", 413, true],
  ["a receiver that is overloaded", 429, false],
  ["a receiver that is broken", 503, false],
  ["a receiver whose token is wrong", 401, false],
])("%s: the answer tells the status and the beginning of the body", async (_, status, isRefused) => {
  const { url } = receiver(() => new Response("because\x1b[31m of\nthis", { status }));
  const answer = await sent({ url });
  expect(answer).toMatchObject({ isTaken: false, isRefused });
  expect(answer.answer).toMatch(new RegExp(`^${status} .*: because \\[31m of this$`));
});

test("a redirect is followed to the same host with the same request, and never to another host", async () => {
  const other = receiver();
  const { url, received, origin } = receiver(({ path }) =>
    path === "/hook" ? new Response(null, { status: 307, headers: { location: "/new" } }) : new Response(null, { status: 200 }),
  );
  expect(await sent({ url })).toMatchObject({ isTaken: true });
  expect(received.map(({ path }) => path)).toEqual(["/hook", "/new"]);
  expect(received[1]?.body).toBe(received[0]?.body ?? "");
  const away = receiver(() => new Response(null, { status: 308, headers: { location: `${other.origin}/x` } }));
  expect((await sent({ url: away.url })).answer).toBe(
    `308: it redirects to ${other.origin}, which is not followed; configure that address`,
  );
  expect(other.received).toHaveLength(0);
  const toGet = receiver(() => new Response(null, { status: 302, headers: { location: "/new" } }));
  expect((await sent({ url: toGet.url })).isTaken).toBe(false);
  const beat = receiver(({ path }) => (path === "/hook" ? Response.redirect("/new", 302) : new Response("ok")));
  expect(await request({ url: beat.url, method: "GET", headers: {} }, AbortSignal.timeout(5000))).toMatchObject({ isTaken: true });
  const nowhere = receiver(() => new Response(null, { status: 307 }));
  expect((await sent({ url: nowhere.url })).answer).toBe("307 without an address to go to");
  const inCircles = receiver(() => new Response(null, { status: 307, headers: { location: "/hook" } }));
  expect((await sent({ url: inCircles.url })).answer).toBe("it redirects more than 3 times");
  expect(inCircles.received).toHaveLength(4);
  expect(origin).not.toBe(other.origin);
});

test("a receiver that hangs, refuses the connection or does not exist gives a sentence within the timeout", async () => {
  const hanging = receiver(() => new Promise<Response>(() => {}));
  const beganMs = performance.now();
  expect(await sent({ url: hanging.url }, messageNamed("m"), 300)).toMatchObject({ isTaken: false, answer: "no answer in time" });
  expect(performance.now() - beganMs).toBeLessThan(1500);
  const gone = httpReceiver();
  await gone.stop();
  expect(await sent({ url: gone.url })).toEqual({ isTaken: false, isRefused: false, answer: "connection refused" });
  expect((await sent({ url: "http://does-not-exist.invalid/" })).answer).toMatch(/^no connection|^the host does not exist/);
});

test("an endless or huge answer ends at its status or at its first bytes", async () => {
  const endless = (status: number) =>
    receiver(() => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536).fill(120)) }), { status }));
  expect(await sent({ url: endless(200).url })).toMatchObject({ isTaken: true });
  const refused = await sent({ url: endless(500).url });
  expect(refused.answer.length).toBeLessThanOrEqual(450);
  const slow = receiver(() => new Response(slowBody(), { status: 500 }));
  expect((await sent({ url: slow.url })).answer).toMatch(/^500/);
});

test("a proxy variable in the environment does not receive the message", async () => {
  const [proxy, { url, received }] = [receiver(), receiver()];
  const before = process.env["http_proxy"];
  process.env["http_proxy"] = proxy.origin;
  try {
    expect(await sent({ url })).toMatchObject({ isTaken: true });
  } finally {
    if (before === undefined) delete process.env["http_proxy"];
    else process.env["http_proxy"] = before;
  }
  expect([proxy.received.length, received.length]).toEqual([0, 1]);
});

const hostile = messageNamed("m1", [
  eventNamed("e", { sentence: 'web "failed" </b> & @everyone {{host}} \u202e\n\r\n<!channel>', subject: "web" }),
]);

test("a template gets escaped values, and a value cannot bring a field of its own", async () => {
  const { url, received } = receiver();
  const template = '{"say": "{{ title }} on {{host}}: {{text}}", "n": "{{count}}", "worst": "{{severity}}", "all": {{json}}}';
  expect(mistakeInTemplate(template)).toBeNull();
  expect(await sent({ url, template }, hostile)).toMatchObject({ isTaken: true });
  expect(JSON.parse(received[0]?.body ?? "")).toEqual({
    say: 'vps-1: web failed firing on vps-1: CRITICAL web: web "failed" </b> & @everyone {{host}}  <!channel>',
    n: "1",
    worst: "critical",
    all: hostile,
  });
  expect(mistakeInTemplate("{{nothing}}")).toStartWith("must not name {{nothing}}; it can name {{id}}");
  expect(mistakeInTemplate('{"a": {{text}}}')).toStartWith("must be JSON once its values are filled in");
  await sent({ url, template: "{{title}}\n{{at}} {{subjects}} {{id}}" }, hostile);
  expect(received[1]?.body).toBe("vps-1: web failed firing\n2026-01-01T00:00:00.000Z web m1");
  expect(received[1]?.headers.get("content-type")).toStartWith("text/plain");
});

test("a template with the whole message gets as many events as have room, and a body that is too long is declined", async () => {
  const { url, received } = receiver();
  const events = Array.from({ length: 1000 }, (_, i) => eventNamed(`e${i}`, { sentence: "x".repeat(500) }));
  expect(await sent({ url, template: '{"n": {{count}}, "all": {{json}}}' }, messageNamed("m1", events))).toMatchObject({ isTaken: true });
  const { n, all } = JSON.parse(received[0]?.body ?? "");
  expect(n).toBe(1000);
  expect(all.events).toEqual(events.slice(0, 62));
  const template = "{{text}}".repeat(1000);
  expect(await sent({ url, template }, messageNamed("m2", events))).toEqual({
    isTaken: false,
    isRefused: true,
    answer: "the body made from the template would have more than 65536 characters",
  });
  expect(received).toHaveLength(1);
});

test("a resolved event says so once", async () => {
  const { url, received } = receiver();
  const { firing, resolved } = firedAndResolved("web failed");
  await sent({ url, template: "{{text}}" }, messageNamed("m1", [firing, resolved]));
  expect(received[0]?.body).toBe("CRITICAL web: web failed\nRESOLVED web: web failed");
});

test("the presets send what Slack, Discord and ntfy document, escaped and within their limits", async () => {
  const { url, received } = receiver();
  const many = messageNamed(
    "m2",
    Array.from({ length: 300 }, (_, i) => eventNamed(`e${i}`, { subject: `web${i}`, sentence: `<web${i}> failed & ended` })),
  );
  for (const preset of ["slack", "discord", "ntfy"] as const) for (const one of [hostile, many]) await sent({ url, preset }, one);
  const [slack, slackMany, discord, discordMany, ntfy, ntfyMany] = received.map(({ body }) => body);
  expect(JSON.parse(slack ?? "").text).toContain("&lt;/b&gt; &amp; @everyone {{host}}  &lt;!channel&gt;");
  expect(JSON.parse(slackMany ?? "").text).toEndWith("more");
  expect(JSON.parse(discord ?? "")).toMatchObject({ allowed_mentions: { parse: [] } });
  expect(JSON.parse(discordMany ?? "").content.length).toBeLessThanOrEqual(2000);
  expect(ntfy).toStartWith("CRITICAL web:");
  expect(Buffer.byteLength(ntfyMany ?? "")).toBeLessThanOrEqual(4096);
  expect(received[4]?.headers.get("priority")).toBe("5");
  expect(received[4]?.headers.get("title")).toBe("vps-1: web failed firing");
});

test("http:// beyond this machine warns, and so does a preset that is not used", () => {
  const none = { webhooks: [] };
  expect(channelWarnings({ webhooks: [{ url: "http://127.0.0.1:1/x" }, { url: "https://example.org/x" }] }, undefined)).toEqual([]);
  expect(channelWarnings({ webhooks: [{ url: "http://example.org/secret" }] }, undefined)).toEqual([
    "http://example.org/… is not encrypted: everybody on the way can read and change the messages; use https://",
  ]);
  expect(channelWarnings(none, { url: "http://example.org/beat" })).toHaveLength(1);
  expect(channelWarnings({ webhooks: [{ url: "https://a.example/", template: "{{text}}", preset: "slack" }] }, undefined)).toEqual([
    "the webhook https://a.example/… has a preset and a template: the preset is not used",
  ]);
});

test("an answer that repeats the path or query of the URL does not show them", async () => {
  const echo = receiver((asked) => new Response(`no route ${asked.path} here; key SECRETTOKEN=1, SECRETQUERY, api`, { status: 404 }));
  const { origin } = echo;
  const { answer } = await sent({ url: `${origin}/api/T0/SECRETTOKEN%3D1?key=SECRETQUERY` });
  expect(answer).toBe("404 Not Found: no route … here; key …, …, api");
});
