// Converts rows of samples to JSON and CSV, in pieces, while the rows are read.
import type { SubjectKind } from "../../metrics/subject.ts";
import type { StorageRow } from "../storage.ts";
import { exported, exportedColumns } from "./columns.ts";

/** A JSON array with one object on each line. */
export async function* rowsAsJson(rows: AsyncIterable<StorageRow>, kind: SubjectKind): AsyncIterable<string> {
  let head = "[\n";
  for await (const text of gathered(rows, (row) => JSON.stringify(exported(kind, row)), ",\n")) {
    yield head + text;
    head = ",\n";
  }
  yield head === "[\n" ? "[]\n" : "\n]\n";
}

/** CSV by RFC 4180; null becomes an empty field. */
export async function* rowsAsCsv(rows: AsyncIterable<StorageRow>, kind: SubjectKind): AsyncIterable<string> {
  const columns = exportedColumns(kind);
  yield `${columns.join(",")}\r\n`;
  const csvLine = (row: StorageRow) => {
    const one = exported(kind, row);
    return columns.map((name) => csvField(one[name] ?? null)).join(",");
  };
  for await (const text of gathered(rows, csvLine, "\r\n")) yield `${text}\r\n`;
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The number of rows that are converted and written together. */
const rowsInPiece = 500;

async function* gathered(rows: AsyncIterable<StorageRow>, line: (row: StorageRow) => string, between: string): AsyncIterable<string> {
  let lines: string[] = [];
  for await (const row of rows) {
    lines.push(line(row));
    if (lines.length < rowsInPiece) continue;
    yield lines.join(between);
    lines = [];
  }
  if (lines.length > 0) yield lines.join(between);
}
