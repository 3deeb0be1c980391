// Describes the availability of a service in one or two short rows. Time that nobody watched never counts as up, and a ratio
// below 1 is never rounded to 100%.
import { formatAge, formatSpan } from "../base/quantities.ts";
import type { Availabilities, Available } from "../lifecycle/stored.ts";

export function availabilityRows({ day, month }: Availabilities, nowMs: number): string[] {
  if (day.since === month.since) return [`since ${formatAge(nowMs - Date.parse(day.since))} ago: ${words(day)}`];
  const isYounger = nowMs - Date.parse(month.since) < 30 * 86_400_000;
  const whole = isYounger ? `since ${formatAge(nowMs - Date.parse(month.since))} ago` : "30 d";
  return [`24 h: ${words(day)}`, `${whole}: ${words(month)}`];
}

/** Unknown time shorter than this is not shown, because it is the time since the last tick of the agent and not a gap. */
const shortMs = 60_000;

function words({ uptimeRatio, recoveries, meanRecoveryMs, stoppedMs, unknownMs }: Available): string {
  const gone = unknownMs < shortMs ? [] : [`unknown ${formatAge(unknownMs)}`];
  const stopped = stoppedMs === 0 ? [] : [`stopped ${formatAge(stoppedMs)}`];
  if (uptimeRatio === null) return [...stopped, ...gone].join("; ") || "nothing is known yet";
  const times = recoveries === 1 ? "once" : `${recoveries} times`;
  const average = recoveries === 1 ? "" : " on average";
  const back = meanRecoveryMs === null ? [] : [`down ${times}, back in ${formatSpan(meanRecoveryMs)}${average}`];
  const up = [`${percentUp(uptimeRatio)} up`, ...back];
  return [up.join(", "), ...stopped.filter(() => stoppedMs >= shortMs), ...gone].join("; ");
}

/** Rounds down, so that 100% means never down; 0% means never up. */
function percentUp(ratio: number): string {
  if (ratio === 0 || ratio === 1) return `${ratio * 100}%`;
  const scale = ratio > 0.9999 ? 1000 : 100;
  // In floating point 0.29 * 100 is a little less than 29, which must not become 28.
  const percent = Math.min(Math.floor(ratio * 100 * scale + 1e-6) / scale, 99.999);
  return percent === 0 ? "less than 0.01%" : `${percent}%`;
}
