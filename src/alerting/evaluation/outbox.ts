// Groups events into messages: an event is sent at once, and the events of the next seconds are sent together. Pure.
import type { AlertEvent } from "../message.ts";
import { maxEvents } from "../message.ts";

/** After a message, events are collected for this long. */
export const togetherMs = 5000;

/** `untilMs`: until when events are collected, by the monotonic clock; null while the next event is sent at once. */
export type Outbox = { waiting: readonly AlertEvent[]; untilMs: number | null };

export const emptyOutbox: Outbox = { waiting: [], untilMs: null };

/** While messages cannot be written, the oldest events are dropped. */
const maxWaiting = 10 * maxEvents;

/** Adds events that wait until a message can be written. */
export function collected(before: Outbox, events: readonly AlertEvent[]): Outbox {
  return { ...before, waiting: [...before.waiting, ...events].slice(-maxWaiting) };
}

/** Adds events, and returns those that have to be sent now. Each list of events becomes one message. */
export function posted(before: Outbox, events: readonly AlertEvent[], nowMs: number): { outbox: Outbox; due: AlertEvent[][] } {
  const { waiting } = collected(before, events);
  const isCollecting = before.untilMs !== null && nowMs < before.untilMs;
  if (isCollecting) return { outbox: { ...before, waiting }, due: [] };
  if (waiting.length === 0) return { outbox: emptyOutbox, due: [] };
  const due = Array.from({ length: Math.ceil(waiting.length / maxEvents) }, (_, i) => waiting.slice(i * maxEvents, (i + 1) * maxEvents));
  return { outbox: { waiting: [], untilMs: nowMs + togetherMs }, due };
}
