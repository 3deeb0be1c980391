// Converts the table of figures to metric families of OpenMetrics: names, types, units, and values in base units.
import { type Figure, tableOf, type Unit } from "../../metrics/figures.ts";
import type { SubjectKind } from "../../metrics/subject.ts";
import type { Point } from "../storage.ts";

export type Family = { name: string; type: "gauge" | "counter"; unit: string | null; help: string; value: (point: Point) => number | null };

/** OpenMetrics requires base units. */
const baseUnits: Record<Unit, { name: string | null; perOne: number }> = {
  percent: { name: "ratio", perOne: 100 },
  ms: { name: "seconds", perOne: 1000 },
  bytes: { name: "bytes", perOne: 1 },
  count: { name: null, perOne: 1 },
};

/** The state and the health of a service as numbers, because OpenMetrics exports only numbers. */
const ofStates: readonly Family[] = [
  {
    name: "bs9_service_up",
    type: "gauge",
    unit: null,
    help: "1 if the service is active, else 0.",
    value: ({ state }) => Number(state === "active"),
  },
  {
    name: "bs9_service_healthy",
    type: "gauge",
    unit: null,
    help: "1 if the health probe succeeds, 0 if it fails.",
    value: ({ health }) => (health === "unknown" ? null : Number(health === "healthy")),
  },
];

export function familiesOf(kind: SubjectKind): readonly Family[] {
  return [...(kind === "service" ? ofStates : []), ...tableOf(kind).flatMap((figure) => familyOf(kind, figure))];
}

/** OpenMetrics requires that a name ends with its unit. */
function familyOf(kind: SubjectKind, { name, family, counter, unit, help }: Figure): Family[] {
  if (family === undefined) return [];
  const base = baseUnits[unit];
  const value = (point: Point) => {
    const given = point[name] ?? null;
    return given === null ? null : given / base.perOne;
  };
  const whole = `bs9_${kind}_${family}${base.name === null ? "" : `_${base.name}`}`;
  return [{ name: whole, type: counter ? "counter" : "gauge", unit: base.name, help, value }];
}
