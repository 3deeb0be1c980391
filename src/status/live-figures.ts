// Figures of a service where nothing samples: the CPU by two readings of its counter.
import type { Glimpse, Reading } from "../backend/backend.ts";
import { cpuUsecOf, figuresOf } from "../metrics/group.ts";
import { msOf } from "../metrics/sample.ts";
import type { Figures } from "./schema.ts";

/** Two readings of the CPU counter lie so far apart. */
const cpuWindowMs = 50;

/** What can be told of it now, with its first reading for the other one; null for the CPU where that is too short ago. */
export function figuresSince(reading: Reading): Figures {
  const isLong = reading.cpu !== null && performance.now() - reading.cpu.atMs >= cpuWindowMs;
  return { ...figuresAtFirst(reading, cpuUsecOf(reading.group)), cpuPercent: isLong ? cpuPercent(reading) : null };
}

/** Without the CPU, which takes a second reading. */
export function figuresAtFirst(reading: Reading | Glimpse, cpuUsec = reading.cpu?.usec ?? null): Figures {
  return { cpuPercent: null, cpuTimeMs: msOf(cpuUsec), ...figuresOf(reading.group) };
}

/** Waits until a second reading of the CPU tells something of all of them. */
export async function cpuWindow(readings: Pick<Reading, "cpu">[]): Promise<void> {
  const latest = Math.max(...readings.map(({ cpu }) => cpu?.atMs ?? 0));
  await Bun.sleep(Math.max(0, cpuWindowMs - (performance.now() - latest)));
}

export function cpuPercent({ group, cpu }: Pick<Reading, "group" | "cpu">): number | null {
  const usec = cpuUsecOf(group);
  if (cpu === null || cpu.usec === null || usec === null) return null;
  const percent = (usec - cpu.usec) / ((performance.now() - cpu.atMs) * 10);
  // A counter that went back belongs to another run.
  return percent < 0 ? null : Math.round(percent * 10) / 10;
}
