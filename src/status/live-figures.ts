// Figures of a service without samples of the agent. The CPU usage comes from two readings of the CPU counter.
import type { Glimpse, Reading } from "../backend/backend.ts";
import { cpuUsecOf, figuresOf } from "../metrics/group.ts";
import { msOf } from "../metrics/sample.ts";
import type { Figures } from "./schema.ts";

/** Minimum time between two readings of the CPU counter. */
const cpuWindowMs = 50;

/** The figures now. The CPU usage is that since `reading`; null if less than `cpuWindowMs` has passed. */
export function figuresSince(reading: Reading): Figures {
  const isLong = reading.cpu !== null && performance.now() - reading.cpu.atMs >= cpuWindowMs;
  return { ...figuresAtFirst(reading, cpuUsecOf(reading.group)), cpuPercent: isLong ? cpuPercent(reading) : null };
}

/** The figures without the CPU usage, which needs a second reading. */
export function figuresAtFirst(reading: Reading | Glimpse, cpuUsec = reading.cpu?.usec ?? null): Figures {
  return { cpuPercent: null, cpuTimeMs: msOf(cpuUsec), ...figuresOf(reading.group), requests: null };
}

/** Waits until a second reading of the CPU counters gives a rate for each service. */
export async function cpuWindow(readings: Pick<Reading, "cpu">[]): Promise<void> {
  const latest = Math.max(...readings.map(({ cpu }) => cpu?.atMs ?? 0));
  await Bun.sleep(Math.max(0, cpuWindowMs - (performance.now() - latest)));
}

export function cpuPercent({ group, cpu }: Pick<Reading, "group" | "cpu">): number | null {
  const usec = cpuUsecOf(group);
  if (cpu === null || cpu.usec === null || usec === null) return null;
  const percent = (usec - cpu.usec) / ((performance.now() - cpu.atMs) * 10);
  // A counter that has become smaller belongs to a new run of the service.
  return percent < 0 ? null : Math.round(percent * 10) / 10;
}
