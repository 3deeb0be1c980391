// The table of `status`. Columns that do not fit into the terminal are left out in a fixed order.
import type { Reading } from "../backend/backend.ts";
import { formatAge, formatBytes } from "../base/quantities.ts";
import { type Column, table } from "../base/table.ts";
import type { Style } from "../base/terminal.ts";
import type { Observed } from "../status/schema.ts";

type Row = Observed["status"];
type Field = { column: Column; cell: (row: Row, style: Style) => string };

const fields = {
  name: { column: { title: "NAME" }, cell: (row, style) => style.bold(row.name) },
  state: { column: { title: "STATE" }, cell: (row, style) => stateWord(row.state, style) },
  health: { column: { title: "HEALTH" }, cell: (row) => (row.state === "inactive" ? "-" : (row.health ?? "-")) },
  pid: { column: { title: "PID", right: true }, cell: (row) => String(row.pid ?? "-") },
  port: { column: { title: "PORT", right: true }, cell: (row) => String(row.port ?? "-") },
  cpu: { column: { title: "CPU", right: true }, cell: (row) => (row.cpuPercent === null ? "-" : `${row.cpuPercent.toFixed(1)}%`) },
  memory: { column: { title: "MEM/MAX" }, cell: memoryCell },
  restarts: { column: { title: "RESTARTS", right: true }, cell: (row) => String(row.restarts ?? "-") },
  uptime: { column: { title: "UPTIME" }, cell: (row) => (row.uptimeMs === null ? "-" : formatAge(row.uptimeMs)) },
  requests: {
    column: { title: "REQ/S", right: true },
    cell: (row) => (row.requests === null ? "-" : String(Math.round(row.requests.perSecond * 10) / 10)),
  },
  sandbox: { column: { title: "SANDBOX" }, cell: (row) => (row.sandbox === "unknown" ? "-" : row.sandbox) },
} satisfies Record<string, Field>;

type Key = keyof typeof fields;
const all: Key[] = ["name", "state", "health", "pid", "port", "cpu", "memory", "restarts", "uptime", "requests", "sandbox"];
const leaving: Key[] = ["pid", "sandbox", "requests", "health", "restarts", "uptime", "port", "memory", "cpu"];

/** `columns` is the width of the terminal; null (a pipe) gets every column uncut. */
export function statusTable(observed: Observed[], style: Style, columns: number | null): string[] {
  // Without an app that reports its requests the column would hold nothing.
  const hasRequests = observed.some(({ status }) => status.requests !== null);
  const shown = new Set(all.filter((key) => key !== "requests" || hasRequests));
  const draw = () => {
    const keys = all.filter((key) => shown.has(key));
    return table(
      keys.map((key) => fields[key].column),
      observed.map(({ status }) => keys.map((key) => (fields[key] as Field).cell(status, style))),
    );
  };
  let lines = draw();
  for (const key of leaving) {
    if (columns === null || lines.every((line) => Bun.stringWidth(line) <= columns)) break;
    shown.delete(key);
    lines = draw();
  }
  return lines;
}

export function othersTable(others: Reading[]): string[] {
  return table(
    [{ title: "OTHER UNITS" }, { title: "STATE" }],
    others.map(({ unit, state }) => [unit, state]),
  );
}

export function stateWord(state: Row["state"], style: Style): string {
  if (state === "active") return style.green(state);
  if (state === "failed") return style.red(state);
  return state === "inactive" ? style.dim(state) : style.yellow(state);
}

function memoryCell(row: Row): string {
  if (row.memoryBytes === null) return "-";
  const limit = row.limits.memoryBytes;
  return limit === null
    ? formatBytes(row.memoryBytes)
    : `${formatBytes(row.memoryBytes)}/${formatBytes(limit.value)}${limit.inForce ? "" : "!"}`;
}
