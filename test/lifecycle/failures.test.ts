// One evaluation of the alerts while no agent runs.
import { expect, test } from "bun:test";
import { AlertsInForce } from "../../src/alerting/config/in-force.ts";
import { readKept, writeKept } from "../../src/alerting/evaluation/kept.ts";
import { writeQuiet } from "../../src/alerting/evaluation/silences.ts";
import type { AlertMessage } from "../../src/alerting/message.ts";
import type { Reading } from "../../src/backend/backend.ts";
import { tellAll } from "../../src/commands/alert-failures.ts";
import { tellFailures } from "../../src/lifecycle/failures.ts";
import { Registry } from "../../src/service/registry.ts";
import { messageNamed } from "../alerting/messages.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

const inactive: Reading = {
  name: "web",
  unit: "web.service",
  state: "inactive",
  mainPid: null,
  restarts: 0,
  end: null,
  group: null,
  cpu: null,
  waits: null,
  wanted: true,
};

test("a start that failed is told once as a failure, and is resolved only when its outcome is gone", async () => {
  const state = tempDir();
  const registry = new Registry({ config: state, state });
  registry.commit(specNamed("web", {}));
  const messages: AlertMessage[] = [];
  const put = (message: AlertMessage) => {
    messages.push(message);
    return message.events;
  };
  const tell = async () => {
    const backend = { read: async () => [inactive] };
    const inForce = new AlertsInForce({ config: state, state });
    await tellFailures({ backend, registry, inForce, state, put: (message) => put(message) });
    return messages.splice(0).flatMap(({ events }) => events.map(({ kind, sentence }) => `${kind}: ${sentence}`));
  };
  registry.setOutcome("web", { at: "2026-01-01T00:00:00.000Z", cause: "it did not listen on port 80" });
  expect(await tell()).toEqual(["firing: web failed: it did not listen on port 80"]);
  expect(await tell()).toEqual([]);
  expect(readKept(state)?.alerts).toMatchObject([{ rule: "failed", state: "firing", isTold: true }]);
  registry.setOutcome("web", null);
  // It is sent together with the events of the next seconds.
  expect(await tell()).toEqual([]);
  expect(readKept(state)).toMatchObject({ alerts: [], waiting: [{ kind: "resolved" }] });
});

test("a failure that the cooldown or a silence holds back is told when that is over", async () => {
  const state = tempDir();
  const registry = new Registry({ config: state, state });
  registry.commit(specNamed("web", {}));
  const inForce = new AlertsInForce({ config: state, state });
  const tell = () => tellFailures({ backend: { read: async () => [inactive] }, registry, inForce, state, put: ({ events }) => events });
  const silencedFor = (ms: number) =>
    writeQuiet(state, { silences: [{ service: "web", untilMs: Date.now() + ms, by: "me" }], acks: [] }, Date.now());
  registry.setOutcome("web", { at: "2026-01-01T00:00:00.000Z", cause: "it did not listen on port 80" });
  silencedFor(500_000);
  const silenced = (await tell())?.againMs ?? 0;
  expect(silenced).toBeGreaterThan(300_000);
  expect(silenced).toBeLessThanOrEqual(500_000);
  silencedFor(3_600_000);
  expect(await tell()).toEqual({ againMs: null });
  writeQuiet(state, { silences: [], acks: [] }, Date.now());
  expect(await tell()).toEqual({ againMs: null });
  registry.setOutcome("web", null);
  await tell();
  registry.setOutcome("web", { at: "2026-01-01T00:01:00.000Z", cause: "it did not listen on port 80" });
  const kept = readKept(state);
  if (kept === null) throw new Error("there is no state");
  // The resolved event was sent.
  writeKept(state, { ...kept, waiting: [], leftMs: null });
  const held = (await tell())?.againMs ?? 0;
  expect(readKept(state)?.alerts).toMatchObject([{ state: "firing", isTold: false }]);
  expect(held).toBeGreaterThan(200_000);
  expect(held).toBeLessThanOrEqual(300_000);
});

test("a failure while the channels are closed is told before the process ends", async () => {
  const put: string[] = [];
  let late: string[] = [];
  let isOpen = false;
  const open = () => {
    isOpen = true;
    const close = async () => {
      isOpen = false;
      if (put.length === 1) late = ["late"];
    };
    const take = ({ id, events }: AlertMessage) => {
      put.push(`${id} ${isOpen}`);
      return events;
    };
    return { put: take, waiting: () => 0, close };
  };
  let pending = ["early"];
  await tellAll(
    async (tell) => {
      for (const id of [...pending, ...late]) tell(messageNamed(id));
      pending = [];
      late = [];
      return { againMs: null };
    },
    open,
    async () => true,
  );
  expect(put).toEqual(["early true", "late true"]);
  expect(isOpen).toBe(false);
});

test("while messages wait for a channel, the services are read again only when something happens", async () => {
  let reads = 0;
  let waiting = 1;
  const waits: (number | null)[] = [];
  const open = () => ({ put: () => [], waiting: () => waiting, close: async () => {} });
  const againMs = [null, 4000, null];
  await tellAll(
    async () => ({ againMs: againMs[reads++] ?? null }),
    open,
    async (ms) => {
      waits.push(ms);
      if (waits.length === 3) waiting = 0;
      return true;
    },
  );
  // One read before each wait, one when the channel has taken everything, and the last one with the channels closed.
  expect([waits, reads]).toEqual([[null, 4000, null], 5]);
});
