// What happens while nobody can be told, and what was told before: nothing is lost, and the history has only what was told.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Alerts, type Clock, type Telling } from "../../src/alerting/evaluation/alerts.ts";
import { decide } from "../../src/alerting/evaluation/decide.ts";
import { readKept, writeKept } from "../../src/alerting/evaluation/kept.ts";
import { Restarts } from "../../src/alerting/evaluation/restarts.ts";
import type { Condition } from "../../src/alerting/evaluation/states.ts";
import { readAlertHistory } from "../../src/alerting/spool/history.ts";
import { AlertSpool } from "../../src/alerting/spool/spool.ts";
import { Teller } from "../../src/alerting/spool/tell.ts";
import { tempDir } from "../harness.ts";
import { failedWeb, tellAll } from "./observed.ts";

const noRules = { thresholds: [], events: [], custom: [], certificates: [], patterns: [] };
const nothing = { services: [], host: { facts: { figures: null }, rules: noRules }, existing: null };
const at = (nowMs: number): Clock => ({ nowMs, atMs: 1_000_000 + nowMs });

/** Observes, decides what is told, and returns it in words. */
function turn(alerts: Alerts, condition: Condition, telling: Telling | null, clock: Clock): string[] {
  alerts.observe([{ ...failedWeb, condition }], clock);
  return decide(alerts, nothing, telling, clock).flatMap((events) => events.map(({ subject, kind }) => `${subject} ${kind}`));
}

/** The alerts after a restart of the agent. */
function again(alerts: Alerts, clock: Clock): Alerts {
  const folder = tempDir();
  writeKept(folder, { ...alerts.kept(clock), restarts: [] });
  return new Alerts(readKept(folder), clock);
}

test("a failure that passes while the channels cannot take messages is told afterwards, also by the next agent", () => {
  const alerts = new Alerts(null, at(0));
  const closed = { ...tellAll, canPost: false };
  const { version } = alerts;
  expect(turn(alerts, "breached", closed, at(0))).toEqual([]);
  expect(turn(alerts, "clear", closed, at(1))).toEqual([]);
  expect(alerts.version).toBeGreaterThan(version);
  const next = again(alerts, at(2));
  expect(turn(next, "clear", tellAll, at(2))).toEqual(["web firing", "web resolved"]);
  expect(turn(next, "clear", tellAll, at(10_000))).toEqual([]);
});

test("without a channel a failure that passes is not told to a channel that is added later", () => {
  const alerts = new Alerts(null, at(0));
  turn(alerts, "breached", null, at(0));
  turn(alerts, "clear", null, at(1));
  expect(turn(alerts, "clear", tellAll, at(2))).toEqual([]);
});

test("a second firing of one run has another id after a restart of the agent", () => {
  const first = new Alerts(null, at(0));
  const ids = (alerts: Alerts) => alerts.kept(at(0)).alerts.map(({ id }) => id);
  first.observe([failedWeb], at(0));
  const [id = "none"] = ids(first);
  first.observe([{ ...failedWeb, condition: "clear" }], at(1));
  const next = again(first, at(2));
  next.observe([failedWeb], at(3));
  expect(ids(next)).toEqual([expect.stringMatching(/^[0-9a-f]{20}$/)]);
  expect(ids(next)).not.toEqual([id]);
});

test("the history does not get an event that the spool has already seen", () => {
  const state = tempDir();
  const spool = new AlertSpool(join(state, "spool.db"));
  const [event] = eventsOf("r1");
  const [other] = eventsOf("r2");
  if (event === undefined || other === undefined) throw new Error("there are no events");
  const [alerts, restarts] = [new Alerts(null, at(0)), new Restarts(null, at(0))];
  const teller = new Teller({ alerts, restarts, state, host: "vps-1", put: (message) => spool.put(message, ["x"]) ?? [] });
  teller.tell([[event]], at(0));
  teller.tell([[event, other]], at(1));
  teller.tell([[other]], at(2));
  spool.close();
  expect(readAlertHistory(state).map(({ id }) => id)).toEqual([event.id, other.id]);
});

function eventsOf(run: string) {
  const alerts = new Alerts(null, at(0));
  alerts.observe([{ ...failedWeb, run }], at(0));
  return alerts.release(tellAll, at(0)).flat();
}
