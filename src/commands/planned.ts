// The output of `start --dry-run`: what would change, and the text of the unit that `start` would write.
import { harmless } from "../base/text.ts";
import type { Planned } from "../lifecycle/plan.ts";
import { masked, maskedSpec } from "../service/masking.ts";
import type { Result } from "./command.ts";

export function plannedResult(planned: Planned): Result {
  const { spec } = planned;
  return {
    value: [
      {
        name: spec.name,
        result: planned.will === "nothing" ? "unchanged" : "planned",
        differences: planned.differences.map(masked),
        spec: maskedSpec(spec),
        findings: planned.findings,
        unit: planned.unit,
      },
    ],
    names: [spec.name],
    text: (style) => [
      `${style.bold(spec.name)} ${willBe[planned.will]}`,
      ...planned.differences.map(
        (difference) => `  ${difference.path}: ${shown(masked(difference).before)} -> ${shown(masked(difference).after)}`,
      ),
      "",
      ...planned.unit
        .trimEnd()
        .split("\n")
        .map((line) => style.dim(line)),
    ],
  };
}

const willBe = {
  define: "would be defined and started:",
  change: "would be changed:",
  start: "would be started",
  nothing: "would be left as it is: no changes",
};

function shown(value: unknown): string {
  return value === undefined ? "-" : harmless(JSON.stringify(value));
}
