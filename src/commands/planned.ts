// How `start --dry-run` answers: the difference, and the unit as it would be written.
import { harmless } from "../base/text.ts";
import type { Planned } from "../lifecycle/start.ts";
import { masked } from "../service/masking.ts";
import type { Result } from "./command.ts";

export function plannedResult(planned: Planned): Result {
  const { env, ...spec } = planned.spec;
  return {
    value: [
      {
        name: spec.name,
        result: planned.differences.length === 0 ? "unchanged" : "planned",
        differences: planned.differences.map(masked),
        spec: { ...spec, env: Object.keys(env) },
        findings: planned.findings,
        unit: planned.unit,
      },
    ],
    names: [spec.name],
    text: (style) => [
      planned.differences.length === 0 ? `${style.bold(spec.name)} is as it should be` : `${style.bold(spec.name)} would be changed:`,
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

function shown(value: unknown): string {
  return value === undefined ? "-" : harmless(JSON.stringify(value));
}
