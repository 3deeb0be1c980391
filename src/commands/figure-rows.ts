// The rows of `describe` about health and figures. They say who measured, and leave out figures that are not available.
import { formatAge, formatBytes } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import type { Description } from "../lifecycle/describe.ts";
import type { Sampled } from "../lifecycle/stored.ts";
import { tableOf, type Unit } from "../metrics/figures.ts";
import { healthText } from "../service/values.ts";

/** Describes the health of the service, its check, and whether it is restarted when it is unhealthy. */
export function healthLine(it: Description, nowMs: number): string {
  const { spec, status, unwell, sample } = it;
  const { health, healthRestart } = spec;
  const which = isFoundPort(it) && it.preload.why !== null ? ", the only port that it listens on" : "";
  const alive = it.preload.why === null ? ", and its preload answers /healthz" : "";
  const byPort = status.health === null ? "no check" : `accepts connections on port ${status.port}${which}${alive}`;
  const check = health === null ? byPort : harmless(healthText(health));
  const took = status.health === "healthy" && sample?.latencyMs != null ? ` in ${rounded(sample.latencyMs)} ms` : "";
  const why = unwell === null ? "" : ` for ${formatAge(Math.max(0, nowMs - Date.parse(unwell.since)))}: ${harmless(unwell.reason)}`;
  const state = status.health === null ? "" : status.health === "unknown" ? "not probed yet; " : `${status.health}${took}${why}; `;
  return `${state}${check}${healthRestart ? "; restarted when unhealthy" : ""}`;
}

/** True if the port was not given by the user, but found because the service listens on it. */
export function isFoundPort({ status, environment }: Description): boolean {
  return status.port !== null && !environment.includes("PORT");
}

export function cpuLine({ cpuPercent, figuresFrom }: Description["status"]): string | null {
  if (cpuPercent === null) return null;
  return `${cpuPercent}% (${figuresFrom === "agent" ? "measured by the agent" : "measured now: the agent does not answer"})`;
}

export function preloadLine({ pids, why }: Description["preload"]): string {
  if (why !== null) return `not in force: ${why}`;
  return `in force in ${pids.length === 1 ? "process" : "processes"} ${pids.join(", ")}`;
}

/** What was measured since the previous tick, and the total. Null where the app reports no requests. */
export function requestsLine({ status: { requests }, served }: Pick<Description, "status" | "served">): string | null {
  if (requests === null) return null;
  const { perSecond, errorPercent, p50Ms, p95Ms } = requests;
  // A null with requests is a time above the last bound of the histogram.
  const timed = (label: string, ms: number | null) => `${label} ${ms === null ? "too long to estimate" : `about ${ms} ms`}`;
  const now = [
    `${perSecond}/s`,
    ...(errorPercent === null ? [] : [`errors (5xx) ${errorPercent}%`, timed("p50", p50Ms), timed("p95", p95Ms)]),
  ];
  return `${now.join(", ")}${served === null ? "" : `; ${served.count} since its processes started, ${served.failed} of them errors`}`;
}

/** A row for each label in the table of figures; its text is null if none of its figures is available. */
export function sampleRows(sample: Sampled | null): [string, string | null][] {
  if (sample === null) return [];
  const cells = tableOf("service").flatMap(({ name, unit, shown }) => {
    if (shown === undefined || shown.label === null) return [];
    const { label, part = null, suffix = "" } = shown;
    const text = textOf(sample[name] ?? null, unit);
    return [{ label, suffix, text: text === null || part === null ? text : `${part} ${text}` }];
  });
  return [...Map.groupBy(cells, ({ label }) => label)].map(([label, group]) => {
    const texts = group.flatMap(({ text }) => text ?? []);
    return [label, texts.length === 0 ? null : `${texts.join(", ")}${group[0]?.suffix}`];
  });
}

function textOf(value: number | null, unit: Unit): string | null {
  if (value === null) return null;
  switch (unit) {
    case "percent":
      return `${rounded(value)}%`;
    case "ms":
      return `${rounded(value)} ms`;
    case "bytes":
      return formatBytes(value);
    case "count":
      return String(value);
  }
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
