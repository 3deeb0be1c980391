// The columns of an exported row. Later versions only add columns at the end: the order of the others never changes.
import { type Figure, tableOf } from "../../metrics/figures.ts";
import type { SubjectKind } from "../../metrics/subject.ts";
import type { StorageRow } from "../storage.ts";

/** Every export begins with these columns, the export of the host too. */
const lead = ["at", "service", "state", "health", "cpuPercent", "memoryBytes", "tasks", "restarts"];
const words: Record<SubjectKind, string[]> = { service: ["memorySource"], host: [] };

const columns = { service: columnsFor("service"), host: columnsFor("host") };

export const exportedColumns = (kind: SubjectKind): readonly string[] => columns[kind];

/** Figures that a later version of metrics.db has added come last. */
function columnsFor(kind: SubjectKind): string[] {
  const figures = tableOf(kind);
  const first = Math.min(...figures.flatMap(({ of }) => of[kind] ?? []));
  const early = figures.filter(({ of }) => of[kind] === first);
  const late = figures.filter(({ of }) => of[kind] !== first).toSorted((a, b) => (a.of[kind] ?? 0) - (b.of[kind] ?? 0));
  const rest = [
    ...words[kind],
    ...early.map(({ name }) => name),
    "samples",
    ...spreadsOf(early),
    ...late.flatMap((one) => [one.name, ...spreadsOf([one])]),
  ];
  return [...lead, ...rest.filter((name) => !lead.includes(name))];
}

function spreadsOf(figures: readonly Figure[]): string[] {
  return figures.filter(({ spread }) => spread === true).flatMap(({ name }) => [`${name}Min`, `${name}Max`]);
}

export type ExportedRow = Record<string, string | number | null>;

export function exported(kind: SubjectKind, row: StorageRow): ExportedRow {
  const values: Readonly<Record<string, string | number | null>> = row;
  const one: ExportedRow = {};
  for (const name of columns[kind]) one[name] = name === "at" ? new Date(row.atMs).toISOString() : shown(name, values[name] ?? null);
  return one;
}

function shown(name: string, value: string | number | null): string | number | null {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return name.includes("Bytes") ? Math.round(value) : significant(value);
}

/** Single precision has seven digits; further ones would be noise. Number#toPrecision takes five times as long. */
function significant(value: number): number {
  const places = 6 - Math.floor(Math.log10(Math.abs(value)));
  if (places <= 0) return Math.round(value);
  const scale = 10 ** Math.min(places, 15);
  return Math.round(value * scale) / scale;
}
