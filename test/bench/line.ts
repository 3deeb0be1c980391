// A figure of bs9 alone, beside what is asked of it; and the CPU that this process has used so far.
import { table } from "../../src/base/table.ts";

export type Line = { what: string; value: number; unit: string; target: number | null };

export function linesTable(title: string, lines: Line[]): string[] {
  const columns = [{ title }, { title: "VALUE", right: true }, { title: "TARGET", right: true }, { title: "" }];
  return table(
    columns,
    lines.map(({ what, value, unit, target }) => [
      what,
      `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`,
      target === null ? "" : `<= ${target}`,
      target === null ? "" : value <= target ? "holds" : "target missed",
    ]),
  );
}

export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
