// The history, the figures of the host and the log lines of the scene, the same in each run.
import type { RawLine } from "../../src/logs/query.ts";
import { hostName } from "../../src/metrics/subject.ts";
import type { Status } from "../../src/status/schema.ts";
import type { Point } from "../../src/storage/storage.ts";

const mib = 1024 ** 2;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

export const wave = (at: number, period: number) => Math.sin((at / period) * 2 * Math.PI);

export function hostFigures(ticks: number): Record<string, number | null> {
  const gib = 1024 * mib;
  return {
    cpuPercent: 184 + wave(ticks, 9) * 30,
    cores: 8,
    load1: 1.9 + wave(ticks, 13) * 0.3,
    load5: 1.7,
    load15: 1.5,
    memoryBytes: 9.8 * gib,
    memoryTotalBytes: 16 * gib,
    memoryPercent: 61.2,
    swapBytes: 0.2 * gib,
    swapTotalBytes: 4 * gib,
    tasks: 612,
    homeFreeBytes: 84 * gib,
    homeUsedPercent: 63,
    stateFreeBytes: 84 * gib,
    stateUsedPercent: 63,
    projectsFreeBytes: 84 * gib,
    projectsUsedPercent: 63,
  };
}

/** Noise that is the same in each run. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

export function seriesOf(subject: string, status: Status | undefined, fromMs: number, toMs: number, stepMs: number): Point[] {
  const points: Point[] = [];
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  for (let atMs = first; atMs < toMs; atMs += stepMs) {
    const day = wave(atMs, dayMs);
    const minute = noise(Math.floor(atMs / minuteMs) + subject.length * 97);
    // The agent did not run for a while.
    if (Math.floor(atMs / (97 * minuteMs)) % 13 === 0) continue;
    points.push({
      atMs,
      samples: Math.max(1, Math.round(stepMs / 5000)),
      elapsedMs: stepMs,
      ...(subject === hostName ? hostPoint(day, minute) : servicePoint(status, day, minute, stepMs)),
    });
  }
  return points;
}

function servicePoint(status: Status | undefined, day: number, minute: number, stepMs: number): Partial<Point> {
  const cpu = Math.max(0.2, (status?.cpuPercent ?? 4) * (1 + day * 0.4) * (0.7 + minute * 0.6));
  const memory = (status?.memoryBytes ?? 60 * mib) * (0.9 + day * 0.05 + minute * 0.08);
  const perSecond = (status?.requests?.perSecond ?? 0) * (1 + day * 0.5) * (0.8 + minute * 0.4);
  const reports = status?.requests != null;
  return {
    cpuPercent: status?.cpuPercent == null ? null : cpu,
    cpuPercentMin: status?.cpuPercent == null ? null : cpu * 0.6,
    cpuPercentMax: status?.cpuPercent == null ? null : cpu * 1.7,
    memoryBytes: memory,
    memoryBytesMin: memory * 0.97,
    memoryBytesMax: memory * 1.04,
    tasks: 11,
    openFiles: Math.round(24 + minute * 12),
    restarted: minute > 0.995 ? 1 : 0,
    latencyMs: 2 + minute * 3,
    latencyMsMin: 1.4,
    latencyMsMax: 6 + minute * 9,
    ioReadBytes: minute * 40_000 * (stepMs / 1000),
    ioWriteBytes: (0.2 + minute) * 90_000 * (stepMs / 1000),
    requests: reports ? (perSecond * stepMs) / 1000 : null,
    requestErrors: reports ? ((minute > 0.9 ? perSecond * 0.02 : 0) * stepMs) / 1000 : null,
    requestP50Ms: reports ? 3 + minute * 2 : null,
    requestP95Ms: reports ? 11 + minute * 16 : null,
    eventLoopLagMs: reports ? 1 + minute * 6 : null,
  };
}

function hostPoint(day: number, minute: number): Partial<Point> {
  const cpu = 180 * (1 + day * 0.4) * (0.7 + minute * 0.6);
  return {
    ...hostFigures(0),
    cpuPercent: cpu,
    cpuPercentMin: cpu * 0.7,
    cpuPercentMax: cpu * 1.4,
    load1: 1.9 + minute + day * 0.6,
    memoryBytes: (9.2 + day * 0.6 + minute * 0.4) * 1024 * mib,
    cpuPressurePercent: minute * 6,
    memoryPressurePercent: 0,
    ioPressurePercent: minute * 2,
    netReceivedBytes: 400_000 * minute,
    netSentBytes: 900_000 * minute,
  };
}

const messages = [
  "listening on http://127.0.0.1:3000",
  "GET /orders/8123 200 4 ms",
  '{"level":"info","msg":"job done","queue":"mail","ms":182,"attempt":1}',
  "\u001b[32mconnected\u001b[0m to the database after \u001b[1m12 ms\u001b[0m",
  "WARN redis: retry 1 of 5",
  "ERROR connect ECONNREFUSED 127.0.0.1:6379",
  "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)",
  '<img src=x onerror="document.title=1"><b>this is text</b>',
  "DEBUG cache hit for key user:5512",
];

/** A line each 700 ms, so that a page of lines also shows what is between. */
export async function* linesFor(
  services: string[],
  lines: number,
  sinceMs: number,
  untilMs: number,
  accept: (raw: RawLine) => boolean,
): AsyncIterable<RawLine> {
  const found: RawLine[] = [];
  const gapMs = 700;
  for (
    let atMs = Math.floor(untilMs / gapMs) * gapMs;
    atMs >= Math.max(sinceMs, untilMs - dayMs) && found.length < Math.max(lines, 1);
    atMs -= gapMs
  ) {
    const turn = Math.floor(noise(atMs / gapMs) * 1000);
    const service = services[turn % services.length] ?? "web";
    const raw: RawLine = { atMs, service, stream: "stdout", priority: null, message: messages[turn % messages.length] ?? "" };
    if (accept(raw)) found.push(raw);
  }
  yield* found.reverse();
}
