// The events for a reader that follows the services: first a snapshot, then each change.
import * as v from "valibot";
import { AlertNow } from "../alerting/evaluation/kept.ts";
import { Notice } from "../backend/notice.ts";
import { states } from "../metrics/sample.ts";
import { Figures, Observed, Snapshot } from "./schema.ts";

const atMs = v.number();

export const ModelEvent = v.variant("kind", [
  /** Replaces all earlier events: it is the first event, and is sent again to a reader that has fallen behind. */
  v.strictObject({ kind: v.literal("snapshot"), snapshot: Snapshot }),
  /** `passed`: all states since the event before, in order, even those that lasted only a moment. */
  v.strictObject({
    kind: v.literal("change"),
    atMs,
    observed: Observed,
    passed: v.array(v.strictObject({ state: v.picklist(states), atMs })),
  }),
  /** The figures of all services at one time. */
  v.strictObject({
    kind: v.literal("sample"),
    atMs,
    figures: v.array(v.strictObject({ name: v.string(), uptimeMs: v.nullable(v.number()), ...Figures.entries })),
    host: Snapshot.entries.host,
  }),
  /** The notices and warnings that apply to all services, sent when they have changed. */
  v.strictObject({
    kind: v.literal("notice"),
    atMs,
    notices: Snapshot.entries.notices,
    added: v.array(Notice),
    warnings: Snapshot.entries.warnings,
  }),
  /** All alerts, sent when they have changed. */
  v.strictObject({ kind: v.literal("alert"), atMs, alerts: v.array(AlertNow) }),
  v.strictObject({ kind: v.literal("gone"), atMs, name: v.string() }),
]);
export type ModelEvent = v.InferOutput<typeof ModelEvent>;

/** The snapshot before the first event. */
export const emptySnapshot: Snapshot = { atMs: 0, services: [], added: [], notices: [], warnings: [], alerts: null, host: null };

/** Applies an event to a snapshot. Pure. */
export function after(before: Snapshot, event: ModelEvent): Snapshot {
  switch (event.kind) {
    case "snapshot":
      return event.snapshot;
    case "change": {
      const others = before.services.filter(({ status }) => status.name !== event.observed.status.name);
      return { ...before, atMs: event.atMs, services: [...others, event.observed] };
    }
    case "sample": {
      const figures = new Map(event.figures.map((one) => [one.name, one]));
      const services = before.services.map((one) => ({ ...one, status: { ...one.status, ...figures.get(one.status.name) } }));
      return { ...before, atMs: event.atMs, services, host: event.host };
    }
    case "notice":
      return { ...before, atMs: event.atMs, notices: event.notices, added: event.added, warnings: event.warnings };
    case "alert":
      return { ...before, atMs: event.atMs, alerts: event.alerts };
    case "gone":
      return { ...before, atMs: event.atMs, services: before.services.filter(({ status }) => status.name !== event.name) };
  }
}
