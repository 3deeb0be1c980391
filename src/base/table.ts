// Formats tables as docker and kubectl do: upper-case header, two spaces between columns, one record per line, no borders.

export type Column = { title: string; right?: boolean };

/**
 * Lays out rows in columns by display width. The last column is not padded. Cells may contain colour codes, which
 * `Bun.stringWidth` does not count.
 */
export function table(columns: Column[], rows: string[][]): string[] {
  const widths = columns.map((column, i) => Math.max(Bun.stringWidth(column.title), ...rows.map((row) => Bun.stringWidth(row[i] ?? ""))));
  const line = (cells: string[]) =>
    columns
      .map((column, i) => pad(cells[i] ?? "", widths[i] ?? 0, column.right === true, i === columns.length - 1))
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

function pad(text: string, width: number, right: boolean, last: boolean): string {
  const fill = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  if (right) return fill + text;
  return last ? text : text + fill;
}
