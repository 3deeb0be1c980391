// How `start --dry-run` answers: the difference, and the unit as it would be written.
import { harmless } from "../base/text.ts";
import type { Planned } from "../lifecycle/start.ts";
import type { Difference } from "../service/plan.ts";
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

/** Environment values are for the service alone. */
function masked(difference: Difference): Difference {
  if (difference.path.startsWith("env."))
    return {
      path: difference.path,
      before: difference.before === undefined ? undefined : "***",
      after: difference.after === undefined ? undefined : "***",
    };
  if (difference.path === "env") return { path: "env", before: maskedRecord(difference.before), after: maskedRecord(difference.after) };
  return difference;
}

function maskedRecord(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((name) => [name, "***"]));
}

function shown(value: unknown): string {
  return value === undefined ? "-" : harmless(JSON.stringify(value));
}
