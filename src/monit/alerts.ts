// The alerts that the dashboard shows. Pure.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import type { MonitModel } from "./model.ts";

/** The alerts that fire and are not silenced, the newest first: of now, or of the stored moment that is shown. */
export function firingAlerts({ moment, frozen, snapshot }: Pick<MonitModel, "moment" | "frozen" | "snapshot">): AlertNow[] {
  const alerts = moment?.alerts ?? (frozen?.snapshot ?? snapshot)?.alerts ?? [];
  return alerts.filter(({ state, isSilenced }) => state !== "pending" && !isSilenced).sort((a, b) => firedMsOf(b) - firedMsOf(a));
}

export const firedMsOf = ({ firedMs, sinceMs }: AlertNow): number => firedMs ?? sinceMs;
