// The alerts that the dashboard shows. Pure.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import type { MonitModel } from "./model.ts";

/** The alerts that fire and are not silenced, the newest first. A stored moment has none: the events say what fired then. */
export function firingAlerts({ moment, frozen, snapshot }: Pick<MonitModel, "moment" | "frozen" | "snapshot">): AlertNow[] {
  if (moment !== null) return [];
  const alerts = (frozen?.snapshot ?? snapshot)?.alerts ?? [];
  return alerts.filter(({ state, isSilenced }) => state !== "pending" && !isSilenced).sort((a, b) => firedMsOf(b) - firedMsOf(a));
}

export const firedMsOf = ({ firedMs, sinceMs }: AlertNow): number => firedMs ?? sinceMs;
