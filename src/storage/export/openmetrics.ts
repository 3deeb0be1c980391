// Rows -> OpenMetrics 1.0 text with timestamps, as Prometheus' `promtool tsdb create-blocks-from openmetrics` takes it in.
import type { Point, Row } from "../storage.ts";

type Family = { name: string; type: "gauge" | "counter"; unit: string | null; help: string; value: (point: Point) => number | null };

const percent = (value: number | null): number | null => (value === null ? null : value / 100);

/** The unit ends the name, as the format asks; a counter's samples end in `_total`. */
export const families: readonly Family[] = [
  {
    name: "bs9_service_up",
    type: "gauge",
    unit: null,
    help: "1 where the service is active, else 0.",
    value: ({ state }) => Number(state === "active"),
  },
  {
    name: "bs9_service_healthy",
    type: "gauge",
    unit: null,
    help: "1 where the health probe succeeds, 0 where it fails.",
    value: ({ health }) => (health === "unknown" ? null : Number(health === "healthy")),
  },
  {
    name: "bs9_service_cpu_ratio",
    type: "gauge",
    unit: "ratio",
    help: "CPU time used per time; 1 is one core.",
    value: ({ cpuPercent }) => percent(cpuPercent),
  },
  { name: "bs9_service_memory_bytes", type: "gauge", unit: "bytes", help: "Memory in use.", value: ({ memoryBytes }) => memoryBytes },
  { name: "bs9_service_tasks", type: "gauge", unit: null, help: "Processes and threads.", value: ({ tasks }) => tasks },
  { name: "bs9_service_open_files", type: "gauge", unit: null, help: "Open file descriptors.", value: ({ openFiles }) => openFiles },
  {
    name: "bs9_service_restarts",
    type: "counter",
    unit: null,
    help: "Restarts since somebody last started the service.",
    value: ({ restarts }) => restarts,
  },
  {
    name: "bs9_service_read_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Read from disks since that was counted before.",
    value: ({ ioReadBytes }) => ioReadBytes,
  },
  {
    name: "bs9_service_written_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Written to disks since that was counted before.",
    value: ({ ioWriteBytes }) => ioWriteBytes,
  },
  ...(["cpu", "memory", "io"] as const).map(
    (resource): Family => ({
      name: `bs9_service_${resource}_pressure_ratio`,
      type: "gauge",
      unit: "ratio",
      help: `Share of the time in which something waited for ${resource}.`,
      value: (point) => percent(point[`${resource}PressurePercent`]),
    }),
  ),
  {
    name: "bs9_service_probe_seconds",
    type: "gauge",
    unit: "seconds",
    help: "How long the health probe took.",
    value: ({ latencyMs }) => (latencyMs === null ? null : latencyMs / 1000),
  },
];

/** The format wants each family in one piece: the rows are asked for once for each. */
export async function* openMetrics(rows: () => AsyncIterable<Row>): AsyncIterable<string> {
  for (const family of families) {
    let lines: string[] = [];
    let isBegun = false;
    for await (const row of rows()) {
      const value = family.value(row);
      if (value === null) continue;
      // Of what is not to be had there is no family either.
      if (!isBegun) lines.push(head(family));
      isBegun = true;
      lines.push(`${name(family)}{service="${escaped(row.service)}"} ${value} ${row.atMs / 1000}\n`);
      if (lines.length < linesInPiece) continue;
      yield lines.join("");
      lines = [];
    }
    if (lines.length > 0) yield lines.join("");
  }
  yield "# EOF\n";
}

const linesInPiece = 500;

function head({ name: family, type, unit, help }: Family): string {
  const lines = [`# TYPE ${family} ${type}`, ...(unit === null ? [] : [`# UNIT ${family} ${unit}`]), `# HELP ${family} ${escaped(help)}`];
  return `${lines.join("\n")}\n`;
}

const name = ({ name: family, type }: Family): string => (type === "counter" ? `${family}_total` : family);

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
