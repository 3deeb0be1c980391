// The endpoints of alerts over real sockets, with the alerts of a test.
import { afterAll, expect, test } from "bun:test";
import type { AlertEvent } from "../../src/alerting/message.ts";
import { notFound } from "../../src/base/errors.ts";
import { fullToken, readToken, webOf } from "./scene.ts";

const did: unknown[] = [];
const { promise: sending, resolve: sent } = Promise.withResolvers<void>();
const history = Array.from({ length: 600 }, (_, i) => ({ id: `event-${i}` }) as AlertEvent);
const web = webOf(
  {
    alerts: async () => ({ alerts: null, silences: [{ service: "web", untilMs: 5, by: "ops" }], history, mistakes: ["a mistake"] }),
    acknowledge: async (id, http) => {
      if (id !== "f00") throw notFound(`no alert with the id '${id}' fires now`);
      did.push(["ack", id, http.by]);
      return "web";
    },
    silence: async (id, untilMs, { address }) => {
      did.push(["silence", id, untilMs, address]);
      return "web";
    },
    testAlerts: async () => {
      await sending;
      return [{ channel: "webhook", ok: true, answer: "200", tookMs: 3 }];
    },
  },
  { now: () => 1_000_000 },
);
afterAll(() => web.stop());

async function send(path: string, body?: unknown, token = fullToken) {
  const answered = await fetch(`http://127.0.0.1:${web.port}/api/alerts${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answered.status, body: (await answered.json()) as Record<string, unknown> };
}

test("the alerts, the silences, the mistakes and a limited history are returned, to viewers too", async () => {
  const { status, body } = await send("", undefined, readToken);
  expect([status, body["alerts"], body["mistakes"]]).toEqual([200, null, ["a mistake"]]);
  expect(body["silences"]).toEqual([{ service: "web", untilMs: 5, by: "ops" }]);
  expect(body["history"]).toEqual(history.slice(0, 500));
});

test("an alert is acknowledged and silenced, and only by the full token", async () => {
  expect(await send("/f00/ack", {})).toEqual({ status: 200, body: { id: "f00", subject: "web", acknowledged: true } });
  expect((await send("/f01/ack", {})).status).toBe(404);
  const { status, body } = await send("/f00/silence", { duration: "2h" });
  expect([status, body]).toEqual([200, { service: "web", silencedUntil: new Date(1_000_000 + 7_200_000).toISOString() }]);
  expect((await send("/web/silence", { duration: "off" })).body).toEqual({ service: "web", silencedUntil: null });
  for (const path of ["/f00/ack", "/f00/silence", "/test"]) expect((await send(path, { duration: "2h" }, readToken)).status).toBe(403);
  expect(did).toEqual([
    ["ack", "f00", "token"],
    ["silence", "f00", 1_000_000 + 7_200_000, "127.0.0.1"],
    ["silence", "web", null, "127.0.0.1"],
  ]);
});

test.each([
  [{}],
  [{ duration: 5 }],
  [{ duration: "" }],
  [{ duration: "100ms" }],
  [{ duration: "32d" }],
  [{ duration: "x".repeat(5000) }],
  [[]],
])("a silence with the body %j is refused", async (body) => {
  const before = did.length;
  expect((await send("/f00/silence", body)).status).toBe(400);
  expect(did).toHaveLength(before);
});

test("the channels are tested once at a time", async () => {
  const first = send("/test", {});
  expect((await send("/test", {})).status).toBe(429);
  sent();
  expect((await first).body).toEqual([{ channel: "webhook", ok: true, answer: "200", tookMs: 3 }] as never);
});
