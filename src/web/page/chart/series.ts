// From the stored points of a service or of the host to the series of a chart. Pure.
import type { Point } from "../../../storage/storage.ts";
import type { ValueUnit } from "../base/words.ts";

/** A point as the API sends it. */
export type PlotPoint = Omit<Point, "atMs"> & { at: string };

type Read = (point: PlotPoint) => number | null | undefined;

export type PlotLine = {
  title: string;
  /** The number of the colour of the line. */
  tone: 1 | 2 | 3 | 4;
  of: Read;
  /** The least and the greatest value of the samples that one point stands for. */
  least?: Read;
  most?: Read;
};

export type Plot = {
  id: string;
  title: string;
  unit: ValueUnit;
  lines: readonly PlotLine[];
  /** Says which source is missing, where there is no value. */
  missing: string;
  /** Charts of whole numbers or percents show at least this much, so that noise does not look like load. */
  leastTop?: number;
};

/** The sum over a step as a rate per second. */
const perSecond =
  (name: "requests" | "requestErrors" | "ioReadBytes" | "ioWriteBytes" | "netReceivedBytes" | "netSentBytes"): Read =>
  (point) => {
    const [sum, elapsedMs] = [point[name], point.elapsedMs];
    return sum == null || elapsedMs == null || elapsedMs <= 0 ? null : sum / (elapsedMs / 1000);
  };

const noSamples = "No samples of this time. The agent takes them while a service runs: bs9 doctor says what it lacks.";
const noRequests = "The app reports no requests. Apps on Bun and Node do so by themselves, unless they were started with --no-inject.";
const noPressure = "The kernel does not count this here: it needs pressure stall information (psi=1).";

export const servicePlots: readonly Plot[] = [
  {
    id: "cpu",
    title: "CPU",
    unit: "percent",
    lines: [{ title: "CPU", tone: 1, of: (p) => p.cpuPercent, least: (p) => p.cpuPercentMin, most: (p) => p.cpuPercentMax }],
    missing: noSamples,
    leastTop: 5,
  },
  {
    id: "memory",
    title: "Memory",
    unit: "bytes",
    lines: [{ title: "memory", tone: 2, of: (p) => p.memoryBytes, least: (p) => p.memoryBytesMin, most: (p) => p.memoryBytesMax }],
    missing: noSamples,
  },
  {
    id: "requests",
    title: "Requests",
    unit: "perSecond",
    lines: [
      { title: "all", tone: 1, of: perSecond("requests") },
      { title: "5xx", tone: 4, of: perSecond("requestErrors") },
    ],
    missing: noRequests,
    leastTop: 1,
  },
  {
    id: "latency",
    title: "Latency of requests",
    unit: "ms",
    lines: [
      { title: "p50", tone: 2, of: (p) => p.requestP50Ms },
      { title: "p95", tone: 3, of: (p) => p.requestP95Ms },
    ],
    missing: noRequests,
  },
  {
    id: "probe",
    title: "Health probe",
    unit: "ms",
    lines: [{ title: "probe", tone: 2, of: (p) => p.latencyMs, least: (p) => p.latencyMsMin, most: (p) => p.latencyMsMax }],
    missing: "No probe succeeded in this time. bs9 start --health PATH sets one.",
  },
  {
    id: "restarts",
    title: "Restarts",
    unit: "count",
    lines: [{ title: "restarts", tone: 4, of: (p) => p.restarted }],
    missing: noSamples,
    leastTop: 1,
  },
  {
    id: "io",
    title: "Disk",
    unit: "bytesPerSecond",
    lines: [
      { title: "read", tone: 2, of: perSecond("ioReadBytes") },
      { title: "written", tone: 3, of: perSecond("ioWriteBytes") },
    ],
    missing: "The kernel does not count the disk traffic of this service here.",
    leastTop: 1024,
  },
  {
    id: "tasks",
    title: "Tasks and open files",
    unit: "count",
    lines: [
      { title: "tasks", tone: 1, of: (p) => p.tasks },
      { title: "open files", tone: 2, of: (p) => p.openFiles },
    ],
    missing: noSamples,
  },
  {
    id: "loop",
    title: "Event-loop lag",
    unit: "ms",
    lines: [{ title: "lag", tone: 3, of: (p) => p.eventLoopLagMs }],
    missing: noRequests,
    leastTop: 5,
  },
];

export const hostPlots: readonly Plot[] = [
  {
    id: "cpu",
    title: "CPU (100% is one core)",
    unit: "percent",
    lines: [
      { title: "used", tone: 1, of: (p) => p.cpuPercent, least: (p) => p.cpuPercentMin, most: (p) => p.cpuPercentMax },
      { title: "stolen", tone: 4, of: (p) => p.cpuStolenPercent },
    ],
    missing: noSamples,
    leastTop: 10,
  },
  {
    id: "memory",
    title: "Memory",
    unit: "bytes",
    lines: [
      { title: "used", tone: 2, of: (p) => p.memoryBytes, least: (p) => p.memoryBytesMin, most: (p) => p.memoryBytesMax },
      { title: "swap", tone: 4, of: (p) => p.swapBytes },
    ],
    missing: noSamples,
  },
  {
    id: "load",
    title: "Load",
    unit: "count",
    lines: [
      { title: "1 min", tone: 1, of: (p) => p.load1, least: (p) => p.load1Min, most: (p) => p.load1Max },
      { title: "15 min", tone: 3, of: (p) => p.load15 },
    ],
    missing: noSamples,
    leastTop: 1,
  },
  {
    id: "pressure",
    title: "Share of time waited",
    unit: "percent",
    lines: [
      { title: "CPU", tone: 1, of: (p) => p.cpuPressurePercent },
      { title: "memory", tone: 4, of: (p) => p.memoryPressurePercent },
      { title: "disk", tone: 3, of: (p) => p.ioPressurePercent },
    ],
    missing: noPressure,
    leastTop: 5,
  },
  {
    id: "network",
    title: "Network",
    unit: "bytesPerSecond",
    lines: [
      { title: "received", tone: 2, of: perSecond("netReceivedBytes") },
      { title: "sent", tone: 3, of: perSecond("netSentBytes") },
    ],
    missing: noSamples,
    leastTop: 1024,
  },
  {
    id: "disks",
    title: "Disks, used",
    unit: "percent",
    lines: [
      { title: "home", tone: 1, of: (p) => p.homeUsedPercent },
      { title: "bs9", tone: 2, of: (p) => p.stateUsedPercent },
      { title: "projects", tone: 3, of: (p) => p.projectsUsedPercent },
    ],
    missing: noSamples,
    leastTop: 100,
  },
];

/**
 * The columns that uPlot draws: the times in seconds, then the values of each series. Two samples that are more than `widestMs`
 * apart have a gap between them.
 */
export type ChartTable = { times: number[]; columns: (number | null)[][]; widestMs: number };

/** Lines first, then the least and the greatest value of each line that has them. */
function readsOf(plot: Plot): Read[] {
  return [...plot.lines.map(({ of }) => of), ...plot.lines.flatMap(({ least, most }) => (least && most ? [least, most] : []))];
}

/** A time without a sample becomes a gap, because no value is not 0. */
export function tableOfPoints(plot: Plot, points: readonly PlotPoint[], stepMs: number): ChartTable {
  const reads = readsOf(plot);
  const times: number[] = [];
  const columns: (number | null)[][] = reads.map(() => []);
  const widestMs = 2.2 * Math.max(stepMs, usualStepOf(points));
  let beforeMs: number | null = null;
  for (const point of points) {
    const atMs = Date.parse(point.at);
    if (beforeMs !== null && atMs - beforeMs > widestMs) {
      times.push((beforeMs + stepMs) / 1000);
      for (const column of columns) column.push(null);
    }
    times.push(atMs / 1000);
    for (const [i, read] of reads.entries()) columns[i]?.push(read(point) ?? null);
    beforeMs = atMs;
  }
  return { times, columns, widestMs };
}

/** Samples may be further apart than the step that was asked for. */
function usualStepOf(points: readonly PlotPoint[]): number {
  const steps = points.slice(1).map((point, i) => Date.parse(point.at) - Date.parse(points[i]?.at ?? point.at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

export type ChartRange = { fromMs: number; toMs: number };

/** What the x axis marks: an act on the service, or the time in which an alert fired. */
export type ChartMark = { atMs: number; toMs: number | null; kind: "act" | "end" | "alert"; text: string };
