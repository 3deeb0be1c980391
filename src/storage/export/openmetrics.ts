// Rows -> OpenMetrics 1.0 text with timestamps, as Prometheus' `promtool tsdb create-blocks-from openmetrics` takes it in.
import type { Point, Row } from "../storage.ts";
import { Spool } from "./spool.ts";

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
  {
    name: "bs9_service_cpu_seconds",
    type: "counter",
    unit: "seconds",
    help: "CPU time used since the main process started.",
    value: ({ cpuTimeMs }) => (cpuTimeMs === null ? null : cpuTimeMs / 1000),
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

/**
 * The format wants each family in one piece, and each of the same rows: they are asked for once, since another process goes on
 * forgetting and rolling up, and what is needed of them is kept in `folder` where it is much.
 */
export async function* openMetrics(rows: AsyncIterable<Row>, folder: string): AsyncIterable<string> {
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
    const labels = services.map((service) => `{service="${escaped(service)}"}`);
    for (const [i, family] of families.entries()) {
      // Of what is not to be had there is no family either.
      if (isKnown[i] === true) yield* textOf(family, spool, firstFamily + i, labels);
    }
    yield "# EOF\n";
  } finally {
    spool.close();
  }
}

/** Behind the number of the service and the time. */
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
