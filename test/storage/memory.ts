// The simplest storage, without a file: it shows that the conformance tests need nothing but the interface.
import type { Keeping } from "../../src/config/keeping.ts";
import { type Figure, type FigureName, tableOf } from "../../src/metrics/figures.ts";
import { hostName, kindOf } from "../../src/metrics/subject.ts";
import { follows, levelsOf } from "../../src/storage/levels.ts";
import type { ObservedChange, Point, Range, SeenState, Storage, StorageRow, WatchedSpan } from "../../src/storage/storage.ts";

/** The data that remains when the storage is closed. */
export type Kept = {
  raw: Map<string, Point[]>;
  lastMs: number | null;
  newest: { atMs: number; points: Map<string, Point> } | null;
  watches: KeptWatch[];
};
type KeptWatch = Range & { seen: Map<string, SeenState[]> };

export const emptyKept = (): Kept => ({ raw: new Map(), lastMs: null, newest: null, watches: [] });

export function openMemory(kept: Kept, keeping: Keeping, now: () => number): Storage {
  const levels = levelsOf(keeping);
  let isNew = true;

  const see = (changes: readonly Omit<ObservedChange, "atMs">[], atMs: number, isAll: boolean) => {
    let watch = kept.watches.at(-1);
    const isSame =
      !isNew &&
      watch !== undefined &&
      (follows(watch.toMs, atMs, keeping.intervalMs) || (!isAll && Math.abs(atMs - watch.toMs) <= keeping.intervalMs));
    if (watch === undefined || !isSame) {
      watch = { fromMs: atMs, toMs: atMs, seen: new Map() };
      kept.watches.push(watch);
    }
    isNew = false;
    watch.toMs = Math.max(watch.toMs, atMs);
    const gone = isAll ? [...watch.seen.keys()].filter((name) => !changes.some(({ service }) => service === name)) : [];
    const looks: [string, Omit<SeenState, "atMs">][] = changes.map(({ service, state, health, restarts }) => [
      service,
      { state, health, restarts },
    ]);
    for (const name of gone)
      looks.push([name, { state: null, health: "unknown", restarts: watch.seen.get(name)?.at(-1)?.restarts ?? null }]);
    for (const [service, look] of looks) {
      const before = watch.seen.get(service) ?? [];
      const last = before.at(-1);
      if (last?.state === look.state && last.health === look.health && last.restarts === look.restarts) continue;
      watch.seen.set(service, [...before, { atMs, ...look }]);
    }
  };

  /** The finest points that are kept: where a level has deleted its oldest points, the next coarser level takes over. */
  const finest = (service: string): Point[] => {
    const raw = kept.raw.get(service) ?? [];
    const lastMs = raw.at(-1)?.atMs ?? 0;
    return raw.length === 0
      ? []
      : levels.reduceRight<Point[]>((coarse, { stepMs, keep }, level) => {
          const keptMs = "ageMs" in keep ? now() - keep.ageMs : lastMs - keep.snapshots * stepMs;
          const above = levels[level + 1]?.stepMs ?? stepMs;
          const beginMs = Math.ceil(keptMs / above) * above;
          const points = level === 0 ? raw : stepped(service, raw, stepMs);
          return [...coarse.filter(({ atMs }) => atMs < beginMs), ...points.filter(({ atMs }) => atMs >= beginMs)];
        }, []);
  };

  const services = () => [...kept.raw.keys()].filter((name) => name !== hostName).sort();

  async function* rows(range: Range, subject: string | null): AsyncIterable<StorageRow> {
    for (const name of subject === null ? services() : [subject])
      for (const point of finest(name)) if (isIn(point, range)) yield { service: name, ...point };
  }

  return {
    async append({ atMs, samples, host = null }) {
      const fromMs = kept.lastMs !== null && follows(kept.lastMs, atMs, keeping.intervalMs) ? kept.lastMs : atMs - 1;
      kept.lastMs = atMs;
      kept.newest = { atMs, points: new Map() };
      for (const { service, ...rest } of [...samples, ...(host === null ? [] : [{ ...host, service: hostName }])]) {
        const values: Partial<Point> = rest;
        const point: Point = { ...rest, atMs, samples: 1, ...spread(service, (name) => [values[name] ?? null, values[name] ?? null]) };
        kept.newest.points.set(service, point);
        // Where times repeat, the sample that is stored later counts.
        const before = (kept.raw.get(service) ?? []).filter((one) => one.atMs <= fromMs || one.atMs > atMs);
        kept.raw.set(
          service,
          [...before, point].sort((a, b) => a.atMs - b.atMs),
        );
      }
      see(samples, atMs, true);
      return { stored: true };
    },
    async observe(changes) {
      for (const change of changes) see([change], change.atMs, false);
      return { stored: true };
    },
    turn: async () => {},
    services: async () => services(),
    newest: async (subject) => {
      const { atMs, points } = kept.newest ?? {};
      if (atMs === undefined || points === undefined) return null;
      return {
        atMs,
        intervalMs: keeping.intervalMs,
        points: new Map([...points].filter(([name]) => (subject === null ? name !== hostName : name === subject))),
      };
    },
    series: async (subject, range, stepMs) => {
      const fromMs = Math.floor(range.fromMs / stepMs) * stepMs;
      return stepped(
        subject,
        finest(subject).filter((point) => isIn(point, { ...range, fromMs })),
        stepMs,
      );
    },
    rows,
    moments: async (range, stepMs) => {
      const level = Math.max(
        0,
        levels.findLastIndex((one) => one.stepMs <= stepMs),
      );
      return services().flatMap((service) => {
        const raw = kept.raw.get(service) ?? [];
        const points = level === 0 ? raw : stepped(service, raw, levels[level]?.stepMs ?? stepMs);
        return points.filter((point) => isIn(point, range)).map((point) => ({ service, ...point }));
      });
    },
    watches: async (service, range): Promise<WatchedSpan[]> =>
      kept.watches
        .filter(({ fromMs, toMs }) => toMs >= range.fromMs && fromMs < range.toMs)
        .map(({ fromMs, toMs, seen }) => ({ fromMs, toMs, seen: seen.get(service) ?? [] })),
    notices: () => [],
    close: async () => {},
  };
}

const isIn = ({ atMs }: Point, { fromMs, toMs }: Range): boolean => atMs >= fromMs && atMs < toMs;

type Spread = readonly [min: number | null, max: number | null];

function spread(subject: string, of: (name: FigureName) => Spread): Partial<Point> {
  const wide = tableOf(kindOf(subject)).filter((figure) => figure.spread === true);
  return Object.fromEntries(wide.flatMap(({ name }) => of(name).map((value, i) => [`${name}${i === 0 ? "Min" : "Max"}`, value])));
}

function stepped(subject: string, points: readonly Point[], stepMs: number): Point[] {
  const groups = Map.groupBy(points, ({ atMs }) => Math.floor(atMs / stepMs) * stepMs);
  return [...groups].map(([atMs, group]) => ({ ...together(subject, group), atMs }));
}

function together(subject: string, group: Point[]): Point {
  const last = group.at(-1);
  if (last === undefined) throw new Error("a step without points");
  const of = (name: keyof Point) =>
    group.flatMap((point) => (typeof point[name] === "number" ? [{ value: point[name], weight: point.samples }] : []));
  const sum = (name: keyof Point) => (of(name).length === 0 ? null : of(name).reduce((total, { value }) => total + value, 0));
  const mean = (name: keyof Point) => {
    const weight = of(name).reduce((total, one) => total + one.weight, 0);
    return weight === 0 ? null : of(name).reduce((total, one) => total + one.value * one.weight, 0) / weight;
  };
  const extreme = (name: keyof Point, pick: (...values: number[]) => number) =>
    of(name).length === 0 ? null : pick(...of(name).map(({ value }) => value));
  const folded = ({ name, fold }: Figure) => (fold === "mean" ? mean(name) : fold === "sum" ? sum(name) : (of(name).at(-1)?.value ?? null));
  return {
    ...last,
    samples: sum("samples") ?? 0,
    ...Object.fromEntries(tableOf(kindOf(subject)).map((figure) => [figure.name, folded(figure)])),
    ...spread(subject, (name) => [extreme(`${name}Min` as keyof Point, Math.min), extreme(`${name}Max` as keyof Point, Math.max)]),
  };
}
