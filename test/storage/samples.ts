// Samples as an agent appends them, computed from a number, so that a test can compute the expected sample again.
import { tableOf } from "../../src/metrics/figures.ts";
import type { HostSample, Sample } from "../../src/metrics/sample.ts";

export const intervalMs = 5000;
/** A full hour, so that steps of every level begin here. */
export const beginMs = Date.UTC(2026, 0, 5, 12);

export function sample(service: string, n: number, more: Partial<Sample> = {}): Sample {
  return {
    service,
    state: "active",
    health: "healthy",
    elapsedMs: intervalMs,
    cpuPercent: n % 100,
    cpuTimeMs: n * 10,
    memoryBytes: (n % 1000) * 4096 + 40_000_000,
    memorySource: "cgroup",
    tasks: 9,
    openFiles: null,
    ioReadBytes: n,
    ioWriteBytes: 0,
    cpuPressurePercent: 0.5,
    memoryPressurePercent: null,
    ioPressurePercent: null,
    latencyMs: 1 + (n % 4),
    restarts: 0,
    restarted: 0,
    requests: null,
    requestErrors: null,
    requestP50Ms: null,
    requestP95Ms: null,
    requestsInFlight: null,
    eventLoopLagMs: null,
    ...more,
  };
}

export function samplesOf(count: number, n: number): Sample[] {
  return Array.from({ length: count }, (_, i) => sample(`s${i + 1}`, n + i));
}

/** A sample of the host in which each figure has a different value. */
export function hostSample(n: number, more: Partial<HostSample> = {}): HostSample {
  const each = tableOf("host").map(({ name }, i) => [name, name === "elapsedMs" ? intervalMs : (i + 1) * 1000 + (n % 100)]);
  return { ...Object.fromEntries(each), ioPressurePercent: null, ...more } as HostSample;
}
