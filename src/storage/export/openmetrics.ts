// Converts rows of samples to OpenMetrics 1.0 text with timestamps, as `promtool tsdb create-blocks-from openmetrics` of
// Prometheus reads it.
import type { SubjectKind } from "../../metrics/subject.ts";
import type { StorageRow } from "../storage.ts";
import { type Family, familiesOf } from "./families.ts";
import { Spool } from "./spool.ts";

/**
 * OpenMetrics requires each family in one piece, and every family needs all rows. The rows are read from storage only once,
 * because another process deletes and folds them meanwhile; large exports keep their figures in a file in `folder`.
 */
export async function* openMetrics(rows: AsyncIterable<StorageRow>, kind: SubjectKind, folder: string): AsyncIterable<string> {
  const families = familiesOf(kind);
  const spool = new Spool(firstFamily + families.length, folder);
  try {
    const services: string[] = [];
    const isKnown = families.map(() => false);
    for await (const row of rows) {
      if (services.at(-1) !== row.service) services.push(row.service);
      const values = families.map(({ value }) => value(row));
      for (const [i, value] of values.entries()) if (value !== null) isKnown[i] = true;
      spool.add([services.length - 1, row.atMs, ...values.map((value) => value ?? Number.NaN)]);
    }
    const labels = services.map((service) => (kind === "host" ? "" : `{service="${escaped(service)}"}`));
    for (const [i, family] of families.entries()) {
      // A metric family is left out if none of the rows has a value for it.
      if (isKnown[i] === true) yield* textOf(family, spool, firstFamily + i, labels);
    }
    yield "# EOF\n";
  } finally {
    spool.close();
  }
}

/** The column of the first family: columns 0 and 1 are the number of the service and the time. */
const firstFamily = 2;

function* textOf(family: Family, spool: Spool, column: number, labels: readonly string[]): Iterable<string> {
  let text = head(family);
  for (const { length, values } of spool.read(0, 1, column)) {
    const [services, times, figures] = values;
    for (let row = 0; row < length; row++) {
      const value = figures?.[row] ?? Number.NaN;
      if (!Number.isNaN(value)) text += `${name(family)}${labels[services?.[row] ?? -1]} ${value} ${(times?.[row] ?? 0) / 1000}\n`;
    }
    if (text !== "") yield text;
    text = "";
  }
}

function head({ name: family, type, unit, help }: Family): string {
  const lines = [`# TYPE ${family} ${type}`, ...(unit === null ? [] : [`# UNIT ${family} ${unit}`]), `# HELP ${family} ${escaped(help)}`];
  return `${lines.join("\n")}\n`;
}

const name = ({ name: family, type }: Family): string => (type === "counter" ? `${family}_total` : family);

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
