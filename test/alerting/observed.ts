// An observation of a service that has failed, for the tests of alerts.
import type { Telling } from "../../src/alerting/evaluation/alerts.ts";
import type { Observation } from "../../src/alerting/evaluation/observed.ts";

export const failedWeb: Observation = {
  rule: "failed",
  subject: "web",
  condition: "breached",
  forMs: 0,
  clearForMs: 0,
  severity: "critical",
  value: null,
  threshold: null,
  unit: null,
  run: "r1",
  sinceMs: null,
  sentence: () => "web failed",
};

/** Nothing is silenced or acknowledged, and there is no cooldown. */
export const tellAll: Telling = { cooldownMs: 0, isSilenced: () => false, isAcked: () => false };
