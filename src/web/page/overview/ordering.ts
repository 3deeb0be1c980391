// Which services the overview shows, and in which order. Pure.
import type { Observed } from "../../../status/schema.ts";
import { isNotWell, plural, type Wellness, wellnessOf } from "../base/words.ts";

export const sortKeys = ["state", "name", "health", "cpu", "memory", "restarts", "uptime", "requests", "errors", "p95"] as const;
export type SortBy = (typeof sortKeys)[number];
export type ServiceOrder = { by: SortBy; isReversed: boolean };

export const filterStates = ["all", "notwell", "running", "stopped"] as const;
export type StateFilter = (typeof filterStates)[number];

/** The bad first, so that they are seen among a thousand. */
const ranks: Record<Wellness, number> = { failed: 0, unhealthy: 1, unknown: 2, changing: 3, well: 4, stopped: 5 };

export function isShownBy(filter: StateFilter, wellness: Wellness): boolean {
  switch (filter) {
    case "all":
      return true;
    case "notwell":
      return isNotWell(wellness);
    case "running":
      return wellness === "well" || wellness === "unhealthy" || wellness === "changing";
    case "stopped":
      return wellness === "stopped";
  }
}

/** True where the service has every word of the text; a word after `!` must be absent. */
export function matches(text: string, { status }: Observed): boolean {
  const own = `${status.name} ${status.state} ${status.health ?? ""} ${status.sandbox}`.toLowerCase();
  const words = text.toLowerCase().split(/\s+/);
  return words.every((word) => {
    if (word === "" || word === "!") return true;
    return word.startsWith("!") ? !own.includes(word.slice(1)) : own.includes(word);
  });
}

const figureOf: Record<Exclude<SortBy, "name">, (observed: Observed) => number | null> = {
  state: (observed) => -ranks[wellnessOf(observed)],
  health: ({ status }) => (status.health === null ? null : status.health === "unhealthy" ? 2 : status.health === "unknown" ? 1 : 0),
  cpu: ({ status }) => status.cpuPercent,
  memory: ({ status }) => status.memoryBytes,
  restarts: ({ status }) => status.restarts,
  uptime: ({ status }) => status.uptimeMs,
  requests: ({ status }) => status.requests?.perSecond ?? null,
  errors: ({ status }) => status.requests?.errorPercent ?? null,
  p95: ({ status }) => status.requests?.p95Ms ?? null,
};

/** Sorts the greatest first, the worst state first, and names from a to z; unknown figures come last in either direction. */
export function orderedBy({ by, isReversed }: ServiceOrder, services: Iterable<Observed>): Observed[] {
  const sign = isReversed ? -1 : 1;
  const byName = (a: Observed, b: Observed) => (a.status.name < b.status.name ? -1 : 1);
  if (by === "name") return [...services].sort((a, b) => sign * byName(a, b));
  const keyed = Array.from(services, (observed) => ({ observed, key: figureOf[by](observed) }));
  keyed.sort((a, b) => {
    if (a.key === b.key) return byName(a.observed, b.observed);
    if (a.key === null || b.key === null) return a.key === null ? 1 : -1;
    return sign * (b.key - a.key);
  });
  return keyed.map(({ observed }) => observed);
}

export type Counts = Record<StateFilter, number>;

export function countsOf(services: Iterable<Observed>): Counts {
  const counts: Counts = { all: 0, notwell: 0, running: 0, stopped: 0 };
  for (const observed of services) {
    const wellness = wellnessOf(observed);
    for (const filter of filterStates) if (isShownBy(filter, wellness)) counts[filter]++;
  }
  return counts;
}

/** What the overview says where no service has failed and none is unhealthy. It claims that all are well only if each one is. */
export function calmOf(services: Iterable<Observed>): { tone: "good" | "plain"; text: string } {
  const counts: Record<Wellness, number> = { failed: 0, unhealthy: 0, unknown: 0, changing: 0, well: 0, stopped: 0 };
  for (const observed of services) counts[wellnessOf(observed)]++;
  const { well, changing, unknown } = counts;
  if (changing + unknown === 0) {
    if (well === 0) return { tone: "plain", text: "No service runs." };
    return { tone: "good", text: well === 1 ? "The service is well." : `All ${well} services that should run are well.` };
  }
  const parts = [
    well === 0 ? null : `${plural(well, "service is", "services are")} well`,
    changing === 0 ? null : `${plural(changing, "service is", "services are")} starting or stopping`,
    unknown === 0 ? null : `the state of ${plural(unknown, "service")} is unknown`,
  ];
  const text = parts.filter((part) => part !== null).join(", ");
  return { tone: "plain", text: `${text.charAt(0).toUpperCase()}${text.slice(1)}.` };
}
