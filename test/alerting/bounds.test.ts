// The texts of an event are bounded, because a message with a longer one is refused as a whole by whoever reads it.
import { expect, test } from "bun:test";
import { Alerts, messageOf } from "../../src/alerting/evaluation/alerts.ts";
import { readKept, writeKept } from "../../src/alerting/evaluation/kept.ts";
import { messageIn } from "../../src/alerting/message.ts";
import { tempDir } from "../harness.ts";
import { failedWeb, tellAll } from "./observed.ts";

test("an event with a very long sentence is cut, so that its message and the kept state can be read", () => {
  const clock = { nowMs: 0, atMs: 1_000_000 };
  const alerts = new Alerts(null, clock);
  const sentence = () => `the certificate in /${"😀".repeat(4000)}`;
  alerts.observe([{ ...failedWeb, sentence }], clock);
  const [events = []] = alerts.release(tellAll, clock);
  const read = messageIn(JSON.stringify(messageOf(events, "host".repeat(1000), 0)));
  expect(read?.events[0]?.sentence.isWellFormed()).toBe(true);
  expect(read?.events).toMatchObject([{ subject: "web", sentence: expect.stringMatching(/^the certificate in \/.*…$/) }]);
  alerts.putBack(events);
  const folder = tempDir();
  writeKept(folder, { ...alerts.kept(clock), restarts: [] });
  expect(readKept(folder)?.waiting).toEqual(events);
});

test("a sentence of the greatest length that ends because its value is unknown is cut too", () => {
  const clock = { nowMs: 0, atMs: 1_000_000 };
  const alerts = new Alerts(null, clock);
  alerts.observe([{ ...failedWeb, sentence: () => "x".repeat(2000) }], clock);
  alerts.release(tellAll, clock);
  alerts.observe([{ ...failedWeb, condition: "unknown" }], clock);
  const later = { nowMs: 3_600_000, atMs: 4_600_000 };
  alerts.observe([{ ...failedWeb, condition: "unknown" }], later);
  const [events = []] = alerts.release(tellAll, later);
  expect(messageIn(JSON.stringify(messageOf(events, "host", 0)))?.events).toMatchObject([
    { kind: "resolved", sentence: expect.stringMatching(/^its value has been unknown for an hour/) },
  ]);
});
