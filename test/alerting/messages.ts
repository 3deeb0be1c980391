// Messages for the tests of the channels.
import { Alerts } from "../../src/alerting/evaluation/alerts.ts";
import type { AlertEvent, AlertMessage } from "../../src/alerting/message.ts";

export function eventNamed(id: string, rest: Partial<AlertEvent> = {}): AlertEvent {
  return {
    id,
    rule: "failed",
    kind: "firing",
    subject: "web",
    severity: "critical",
    atMs: 1000,
    sinceMs: 1000,
    value: null,
    threshold: null,
    unit: null,
    sentence: "web failed: exited with 1",
    ...rest,
  };
}

export const messageNamed = (id: string, events: AlertEvent[] = [eventNamed(`event-${id}`)]): AlertMessage => ({
  version: 1,
  id,
  host: "vps-1",
  atMs: 1_767_225_600_000,
  events,
});

/** The event of a rule that fires, and the one that it is resolved, as the rules make them. */
export function firedAndResolved(sentence: string): { firing: AlertEvent; resolved: AlertEvent } {
  const clock = { nowMs: 0, atMs: 1000 };
  const alerts = new Alerts(null, clock);
  const lasting = { forMs: 0, clearForMs: 0, severity: "critical" as const, run: "1", sinceMs: null };
  const figure = { value: null, threshold: null, unit: null };
  const told = (["breached", "clear"] as const).flatMap((condition, i) => {
    alerts.observe([{ rule: "failed", subject: "web", condition, sentence: () => sentence, ...lasting, ...figure }], clock);
    const now = { ...clock, nowMs: i * 10_000 };
    return alerts.release({ cooldownMs: 0, isSilenced: () => false, isAcked: () => false }, now).flat();
  });
  const [firing, resolved] = told;
  if (firing === undefined || resolved === undefined) throw new Error("the alert was not told twice");
  return { firing, resolved };
}
