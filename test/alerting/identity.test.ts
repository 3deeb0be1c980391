// Which channel is which one after a change of the configuration: messages follow the correction of an address.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Deliveries } from "../../src/alerting/spool/deliver.ts";
import { keysOf } from "../../src/alerting/spool/identity.ts";
import { AlertSpool } from "../../src/alerting/spool/spool.ts";
import { freePort, tempDir, until } from "../harness.ts";
import { messageNamed } from "./messages.ts";
import { httpReceiver } from "./receivers.ts";
import { takenBy } from "./taken.ts";

function deliver(file: string, ...urls: string[]): Deliveries {
  const run = () => Promise.reject(new Error("there is no command"));
  const pace = { attemptMs: 300, firstMs: 20, longestMs: 100 };
  return new Deliveries({ file, channels: { webhooks: urls.map((url) => ({ url })) }, home: "/", now: Date.now, run, pace });
}

const wanted = (...addresses: string[]) => addresses.map((address) => ({ address, name: `to ${address}` }));

test("the messages of a channel that is not configured any more are dropped and counted under its name", () => {
  const spool = new AlertSpool(join(tempDir(), "spool.db"));
  const keys = spool.use(wanted("webhook-a", "webhook-b"));
  for (const id of ["a", "b"]) spool.put(messageNamed(id), keys);
  expect(spool.use(wanted("webhook-b"))).toEqual(["webhook-b"]);
  expect(spool.backlogs()).toMatchObject([
    { channel: "webhook-a", waiting: 0, dropped: 2, removed: "to webhook-a" },
    { channel: "webhook-b", waiting: 2, dropped: 0, removed: null },
  ]);
});

test("messages that wait for a channel go to its corrected address, and never to another channel", () => {
  const spool = new AlertSpool(join(tempDir(), "spool.db"));
  const keys = spool.use(wanted("webhook-a", "webhook-b", "mail"));
  spool.put(messageNamed("m"), keys);
  const [corrected = "", other = "", added = "", mail = ""] = spool.use(wanted("webhook-c", "webhook-b", "webhook-d", "mail"));
  expect([other, mail]).toEqual(["webhook-b", "mail"]);
  expect([takenBy(spool, corrected), takenBy(spool, other), takenBy(spool, added), takenBy(spool, mail)]).toEqual([
    ["m"],
    ["m"],
    [],
    ["m"],
  ]);
});

test.each<[string, string[], string[], (string | null)[]]>([
  ["an unchanged list", ["webhook-a", "webhook-b"], ["webhook-a", "webhook-b"], ["webhook-a", "webhook-b"]],
  ["a changed order", ["webhook-a", "webhook-b"], ["webhook-b", "webhook-a"], ["webhook-b", "webhook-a"]],
  ["a corrected address", ["webhook-a", "webhook-b"], ["webhook-a", "webhook-x"], ["webhook-a", "webhook-b"]],
  ["two corrected addresses", ["webhook-a", "webhook-b"], ["webhook-x", "webhook-y"], ["webhook-a", "webhook-b"]],
  ["one removed and one added", ["webhook-a", "webhook-b"], ["webhook-b", "webhook-x"], ["webhook-b", null]],
  [
    "one removed in front of a corrected one",
    ["webhook-a", "webhook-b", "webhook-c"],
    ["webhook-b", "webhook-x"],
    ["webhook-b", "webhook-c"],
  ],
  ["another kind in the same place", ["webhook-a"], ["mail"], [null]],
  ["the same address twice", ["webhook-a", "webhook-a-2"], ["webhook-a", "webhook-a"], ["webhook-a", "webhook-a-2"]],
])("the channels keep their identity over %s", (_, before, after, kept) => {
  const keys = keysOf(
    before.map((key) => ({ key, address: key })),
    after,
  );
  expect(keys.map((key) => (before.includes(key) ? key : null))).toEqual(kept);
  expect(new Set(keys).size).toBe(after.length);
});

test("what waits for a wrong address goes to the corrected one; what waits for a removed channel is dropped, and how much is told", async () => {
  const file = join(tempDir(), "spool.db");
  const wrong = deliver(file, `http://127.0.0.1:${freePort()}/wrong`);
  for (const id of ["a", "b"]) wrong.put(messageNamed(id));
  await wrong.close();
  const { url, received, stop } = httpReceiver(() => new Response(null, { status: received.length > 2 ? 503 : 204 }));
  const corrected = deliver(file, url);
  await until(() => corrected.waiting() === 0, { what: "the corrected address has everything" });
  expect(received.map(({ headers }) => headers.get("webhook-id"))).toEqual(["a", "b"]);
  expect(corrected.notices()).toEqual([]);
  await stop();
  for (const id of ["c", "d"]) corrected.put(messageNamed(id));
  await corrected.close();
  const removed = deliver(file);
  expect(removed.waiting()).toBe(0);
  expect(removed.notices().map(({ what }) => what)).toEqual([
    expect.stringMatching(/^2 messages for webhook http:.* were dropped, because the channel was removed or turned off$/),
  ]);
  await removed.close();
});
