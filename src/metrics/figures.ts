// The table of figures: what is measured of a service and of the host, how it is stored, folded, exported and shown. Storage
// columns, exports, OpenMetrics families and the rows of `describe` derive from it. A new figure is a new row here, plus the
// code that reads its raw value if nothing reads it yet. Its version is one more than the highest version in a released table.
import type { SubjectKind } from "./subject.ts";

export type Unit = "percent" | "bytes" | "ms" | "count";

/** How several samples are combined into one value. */
export type Fold = "mean" | "sum" | "last" | "max";

/**
 * How a figure is computed from two readings. `read`: the raw value as it is; `ms`: microseconds as milliseconds; `share`:
 * growth of microseconds in percent of the time between two samples; `grown`: growth since the raw value was last read;
 * `stalled`: the same growth in percent of the time between the two reads; `counted`: growth of a count that can start from 0
 * again; `elapsed`: the time between two samples.
 */
export type How = "read" | "ms" | "share" | "grown" | "stalled" | "counted" | "elapsed";

/**
 * A row of `describe`. Figures with the same label share one row, each after its part; `label: null` shows the figure in JSON
 * only.
 */
export type DescribeRow = { label: string; part?: string; suffix?: string } | { label: null };

type Row = {
  name: string;
  /** The subjects that have this figure, each with the first version of metrics.db that stores it. */
  of: Readonly<Partial<Record<SubjectKind, number>>>;
  unit: Unit;
  /** Default `read`. */
  how?: How;
  /** The name of the raw value, if it differs from the name of the figure. */
  raw?: string;
  /** Default `mean`. */
  fold?: Fold;
  /** Stored with double precision, as figures in bytes always are. */
  isWide?: true;
  /** Rollups also keep the smallest and the greatest value. */
  spread?: true;
  /**
   * The OpenMetrics family without its prefix (`bs9_service_` or `bs9_host_`) and its unit; absent where the figure is not
   * exported.
   */
  family?: string;
  counter?: true;
  help: string;
  /** How `describe` shows the figure; absent if `status` already shows it, or if the figure means nothing by itself. */
  shown?: DescribeRow;
};

const both = { service: 1, host: 3 } as const;
const service = { service: 1 } as const;
const host = { host: 3 } as const;
const requests = { service: 5 } as const;
const waitedFor = (part: string): DescribeRow => ({ label: "waited for", part, suffix: " of the time" });
const jsonAlone: DescribeRow = { label: null };

// biome-ignore format: a table is read by its columns
const rows = [
  { name: "cpuPercent", of: both, unit: "percent", how: "share", raw: "cpuUsec", spread: true, family: "cpu", help: "CPU time used per second; 1 means one core." },
  { name: "cpuTimeMs", of: { service: 2 }, unit: "ms", how: "ms", raw: "cpuUsec", fold: "last", isWide: true, family: "cpu", counter: true, help: "CPU time used since the main process started." },
  { name: "memoryBytes", of: both, unit: "bytes", spread: true, family: "memory", help: "Memory in use." },
  { name: "tasks", of: both, unit: "count", family: "tasks", help: "Processes and threads." },
  { name: "openFiles", of: service, unit: "count", family: "open_files", help: "Open file descriptors.", shown: { label: "open files" } },
  { name: "restarts", of: service, unit: "count", fold: "last", family: "restarts", counter: true, help: "Restarts since a user last started the service." },
  { name: "ioReadBytes", of: service, unit: "bytes", how: "grown", fold: "sum", family: "read", help: "Bytes read from disks since the previous count.", shown: jsonAlone },
  { name: "ioWriteBytes", of: service, unit: "bytes", how: "grown", fold: "sum", family: "written", help: "Bytes written to disks since the previous count.", shown: jsonAlone },
  { name: "cpuPressurePercent", of: both, unit: "percent", how: "stalled", raw: "cpuStalledUsec", family: "cpu_pressure", help: "Share of the time in which at least one task waited for the CPU.", shown: waitedFor("cpu") },
  { name: "memoryPressurePercent", of: both, unit: "percent", how: "stalled", raw: "memoryStalledUsec", family: "memory_pressure", help: "Share of the time in which at least one task waited for memory.", shown: waitedFor("memory") },
  { name: "ioPressurePercent", of: both, unit: "percent", how: "stalled", raw: "ioStalledUsec", family: "io_pressure", help: "Share of the time in which at least one task waited for I/O.", shown: waitedFor("disk") },
  { name: "latencyMs", of: service, unit: "ms", spread: true, family: "probe", help: "How long the health probe took.", shown: jsonAlone },
  { name: "restarted", of: service, unit: "count", how: "counted", raw: "restarts", fold: "sum", help: "Restarts since the previous sample." },
  { name: "elapsedMs", of: both, unit: "ms", how: "elapsed", raw: "readAtMs", fold: "sum", help: "Time since the previous sample; longer than the interval if a tick was late." },
  { name: "requests", of: requests, unit: "count", fold: "sum", family: "requests", help: "HTTP requests answered since the previous count.", shown: jsonAlone },
  { name: "requestErrors", of: requests, unit: "count", fold: "sum", family: "request_errors", help: "HTTP requests answered with a status of 5xx since the previous count.", shown: jsonAlone },
  // If at least this share of the requests of each part took at most so long, then so did this share of all of them. A mean would
  // be the quantile of nothing.
  { name: "requestP50Ms", of: requests, unit: "ms", fold: "max", family: "request_p50", help: "Half of the HTTP requests since the previous count took at most this long, estimated from the histogram.", shown: jsonAlone },
  { name: "requestP95Ms", of: requests, unit: "ms", fold: "max", family: "request_p95", help: "95 of 100 HTTP requests since the previous count took at most this long, estimated from the histogram.", shown: jsonAlone },
  { name: "requestsInFlight", of: requests, unit: "count", family: "requests_in_flight", help: "HTTP requests that were being answered.", shown: { label: "in flight" } },
  { name: "eventLoopLagMs", of: requests, unit: "ms", fold: "max", family: "event_loop_lag", help: "How late the event loop of the app was at most, over 10 to 20 s.", shown: { label: "event loop lag" } },
  { name: "cpuStolenPercent", of: { host: 4 }, unit: "percent", how: "share", raw: "cpuStolenUsec", family: "cpu_stolen", help: "CPU time that the hypervisor gave to other guests, per second; 1 means one core." },
  { name: "cores", of: host, unit: "count", fold: "last", family: "cores", help: "Cores that are online." },
  { name: "load1", of: host, unit: "count", spread: true, family: "load1", help: "Tasks that ran or waited, averaged over 1 minute." },
  { name: "load5", of: host, unit: "count", family: "load5", help: "Tasks that ran or waited, averaged over 5 minutes." },
  { name: "load15", of: host, unit: "count", family: "load15", help: "Tasks that ran or waited, averaged over 15 minutes." },
  { name: "memoryTotalBytes", of: host, unit: "bytes", fold: "last", family: "memory_total", help: "Total memory of the host." },
  { name: "memoryPercent", of: host, unit: "percent", spread: true, family: "memory_used", help: "Share of the memory that is in use." },
  { name: "swapBytes", of: host, unit: "bytes", family: "swap", help: "Swap space in use." },
  { name: "swapTotalBytes", of: host, unit: "bytes", fold: "last", family: "swap_total", help: "Total swap space of the host." },
  { name: "homeFreeBytes", of: host, unit: "bytes", family: "home_free", help: "Free space of the file system of the home directory." },
  { name: "homeUsedPercent", of: host, unit: "percent", family: "home_used", help: "Used share of the file system of the home directory." },
  { name: "stateFreeBytes", of: host, unit: "bytes", family: "state_free", help: "Free space of the file system that holds the state of bs9." },
  { name: "stateUsedPercent", of: host, unit: "percent", family: "state_used", help: "Used share of the file system that holds the state of bs9." },
  { name: "projectsFreeBytes", of: host, unit: "bytes", family: "projects_free", help: "Free space of the fullest file system that holds a project of a service." },
  { name: "projectsUsedPercent", of: host, unit: "percent", family: "projects_used", help: "Used share of the fullest file system that holds a project of a service." },
  { name: "netReceivedBytes", of: host, unit: "bytes", how: "grown", fold: "sum", family: "net_received", help: "Bytes received from the network since the previous count." },
  { name: "netSentBytes", of: host, unit: "bytes", how: "grown", fold: "sum", family: "net_sent", help: "Bytes sent to the network since the previous count." },
] as const satisfies readonly Row[];

type Rows = (typeof rows)[number];
type Of<K extends SubjectKind> = K extends SubjectKind ? Extract<Rows, { of: Record<K, number> }> : never;

export type FigureName<K extends SubjectKind = SubjectKind> = Of<K>["name"];

/** The raw values that the figures of a subject are made of. */
export type RawName<K extends SubjectKind> = Exclude<RawOf<Of<K>>, "readAtMs">;
type RawOf<R extends { name: string }> = R extends { raw: infer N extends string } ? N : R["name"];

/** A row with its defaults. */
export type Figure = Omit<Row, "name" | "how" | "raw" | "fold" | "isWide"> & {
  name: FigureName;
  how: How;
  raw: string;
  fold: Fold;
  bytes: 4 | 8;
};

const figures: readonly Figure[] = rows.map(({ isWide, ...row }: Row & { name: FigureName }) => ({
  how: "read",
  raw: row.name,
  fold: "mean",
  bytes: isWide || row.unit === "bytes" ? 8 : 4,
  ...row,
}));

/** The figures of a subject, in the order of the table. */
export function tableOf(kind: SubjectKind): readonly Figure[] {
  return byKind[kind];
}

const byKind: Record<SubjectKind, readonly Figure[]> = {
  service: figures.filter(({ of }) => of.service !== undefined),
  host: figures.filter(({ of }) => of.host !== undefined),
};

/** Figures with a spread; their least and greatest values are named after them. */
export type SpreadName = Extract<Rows, { spread: true }>["name"];
