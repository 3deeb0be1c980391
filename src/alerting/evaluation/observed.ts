// The form in which each rule is compared with what is known of its subject.
import type { Unit } from "../../metrics/figures.ts";
import type { AlertSeverity } from "../rules/table.ts";
import type { Condition } from "./states.ts";

export type Observation = {
  rule: string;
  subject: string;
  condition: Condition;
  forMs: number;
  /** How long the condition has to be false until the alert is resolved. */
  clearForMs: number;
  severity: AlertSeverity;
  value: number | null;
  threshold: number | null;
  unit: Unit | null;
  /** What identifies this firing beside its rule and subject; null: the time at which it began. */
  run: string | null;
  /** When the condition became true, by the wall clock; null: now. */
  sinceMs: number | null;
  /** Called only while the condition is true, because most conditions are false in each turn. */
  sentence: () => string;
};
