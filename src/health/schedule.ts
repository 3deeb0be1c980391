// Decides when a service is probed next. Pure.

/** A starting service is probed more often, so that its readiness shows soon. */
const hurriedMs = 1000;

/** When many long-running services are seen for the first time, this many are probed per second. */
const firstPerSecond = 100;

/** The offset of a service within its interval: the same after every restart of the agent. */
export function phaseOf(name: string, intervalMs: number): number {
  return Bun.hash.crc32(name) % intervalMs;
}

/** A service that has just started is probed at once; others soon, but not all together. */
export function firstDueMs(name: string, nowMs: number, around: { isYoung: boolean; services: number; intervalMs: number }): number {
  if (around.isYoung) return nowMs;
  const spreadMs = Math.min(around.intervalMs, Math.max(hurriedMs, (around.services / firstPerSecond) * 1000));
  return nowMs + phaseOf(name, Math.floor(spreadMs));
}

/**
 * Computes the next time from the time when the probe was due, so that no probe is lost if the monitor is a little late; whole
 * intervals that were missed are skipped.
 */
export function nextDueMs(dueMs: number, nowMs: number, pace: { isHurried: boolean; phaseMs: number; intervalMs: number }): number {
  if (pace.isHurried) return Math.max(dueMs, nowMs - hurriedMs) + hurriedMs;
  return onBeatAfter(Math.max(dueMs, nowMs - pace.intervalMs), pace);
}

export function onBeatAfter(ms: number, { phaseMs, intervalMs }: { phaseMs: number; intervalMs: number }): number {
  return phaseMs + (Math.floor((ms - phaseMs) / intervalMs) + 1) * intervalMs;
}
