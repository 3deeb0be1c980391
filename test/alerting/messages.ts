// Messages for the tests of the channels.
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
