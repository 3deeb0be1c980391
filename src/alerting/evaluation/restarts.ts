// Counts the restarts of each service in time, from the counters that the backend reports.
import { hasGap, type Kept } from "./kept.ts";

/** More restarts than these are not needed by any rule that makes sense; the oldest are dropped. */
const maxKept = 1000;

/** `last`: null where the next count is the first one to compare with. */
type Counted = { last: number | null; timesMs: number[] };

export class Restarts {
  readonly #services = new Map<string, Counted>();

  constructor(kept: Kept | null, { nowMs, atMs }: { nowMs: number; atMs: number }) {
    const savedMs = nowMs - Math.max(0, atMs - (kept?.atMs ?? atMs));
    if (kept === null) return;
    const isKnown = !hasGap(kept, atMs);
    for (const { service, last, agesMs } of kept.restarts)
      this.#services.set(service, { last: isKnown ? last : null, timesMs: agesMs.slice(-maxKept).map((ageMs) => savedMs - ageMs) });
  }

  /** `count` starts from 0 again when a user starts the service; null where it is unknown. Returns true if it has grown. */
  count(service: string, count: number | null, nowMs: number): boolean {
    if (count === null) return false;
    const before = this.#services.get(service) ?? { last: null, timesMs: [] };
    this.#services.set(service, before);
    const grown = Math.min(maxKept, Math.max(0, count - (before.last ?? count)));
    before.last = count;
    for (let i = 0; i < grown; i++) before.timesMs.push(nowMs);
    if (before.timesMs.length > maxKept) before.timesMs.splice(0, before.timesMs.length - maxKept);
    return grown > 0;
  }

  of(service: string): readonly number[] {
    return this.#services.get(service)?.timesMs ?? [];
  }

  /** A service that was stopped begins again, and a deleted one is forgotten. */
  forget(isKnown: (service: string) => boolean): void {
    for (const service of this.#services.keys()) if (!isKnown(service)) this.#services.delete(service);
  }

  /** Restarts older than this are of no use to any rule. */
  trim(longestMs: number, nowMs: number): void {
    for (const counted of this.#services.values()) {
      const first = counted.timesMs.findIndex((atMs) => nowMs - atMs <= longestMs);
      if (first !== 0) counted.timesMs.splice(0, first < 0 ? counted.timesMs.length : first);
    }
  }

  /** Only services that restarted: the others begin with the first count that is read. */
  kept(nowMs: number): Kept["restarts"] {
    return Array.from(this.#services).flatMap(([service, { last, timesMs }]) =>
      timesMs.length === 0 ? [] : [{ service, last, agesMs: timesMs.map((atMs) => nowMs - atMs) }],
    );
  }
}
