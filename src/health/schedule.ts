// When a service is probed next; pure.

/** One that is just starting is asked more often, so that it is soon seen to be up. */
const hurriedMs = 1000;

/** Of the first look at many that have run for long, so many are probed in a second. */
const firstPerSecond = 100;

/** Where among the others of its interval a service has its place: the same after every restart of the agent. */
export function phaseOf(name: string, intervalMs: number): number {
  return Bun.hash.crc32(name) % intervalMs;
}

/** One that has just started: at once. Others soon, but not all together. */
export function firstDueMs(name: string, nowMs: number, around: { isYoung: boolean; services: number; intervalMs: number }): number {
  if (around.isYoung) return nowMs;
  const spreadMs = Math.min(around.intervalMs, Math.max(hurriedMs, (around.services / firstPerSecond) * 1000));
  return nowMs + phaseOf(name, Math.floor(spreadMs));
}

/**
 * Counted from when it was due, so that what drives the monitor may be late by a part of its own pace without a probe
 * falling out; whole intervals that were missed are not made up for.
 */
export function nextDueMs(dueMs: number, nowMs: number, pace: { isHurried: boolean; phaseMs: number; intervalMs: number }): number {
  if (pace.isHurried) return Math.max(dueMs, nowMs - hurriedMs) + hurriedMs;
  return onBeatAfter(Math.max(dueMs, nowMs - pace.intervalMs), pace);
}

export function onBeatAfter(ms: number, { phaseMs, intervalMs }: { phaseMs: number; intervalMs: number }): number {
  return phaseMs + (Math.floor((ms - phaseMs) / intervalMs) + 1) * intervalMs;
}
