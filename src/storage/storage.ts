// Where samples and changes of state are kept: what any storage can do, whatever it is made of.
import type { FigureName, SpreadName } from "../metrics/figures.ts";
import type { Health, HostSample, MemorySource, Sample, State } from "../metrics/sample.ts";

/** All samples of one moment. `atMs` is the wall clock, and may jump either way between two ticks. */
export type Tick = { atMs: number; samples: readonly Sample[]; host?: HostSample | null };

/** What became of a service at a moment; a signal may tell it before the next tick does. */
export type ObservedChange = { service: string; atMs: number; state: State; health: Health; restarts: number | null };

/** Not stored is no error: it is told, and the next one is tried again. */
export type Stored = { stored: true } | { stored: false; reason: string };

/**
 * A sample of a service or of the host, or many of them as one, by the table of figures. A figure that the subject does not
 * have is absent, one that nobody could tell is null.
 */
export type Point = Partial<Record<FigureName | `${SpreadName}Min` | `${SpreadName}Max`, number | null>> & {
  /** The moment, or the begin of the time that it is made of. */
  atMs: number;
  /** How many samples it is made of. */
  samples: number;
  state?: State;
  health?: Health;
  memorySource?: MemorySource | null;
};

/** `service` is the name of a service, or that of the host. */
export type StorageRow = Point & { service: string };

/** From `fromMs` on, and before `toMs`. */
export type Range = { fromMs: number; toMs: number };

/** `intervalMs`: when the next one is to come. Of a service that was not in it there is no point. */
export type Newest = { atMs: number; intervalMs: number; points: Map<string, Point> };

/** What a service was from a moment on; a state of null: it was there no more. */
export type SeenState = { atMs: number; state: State | null; health: Health; restarts: number | null };

/** A time without a gap in which one process watched, and what was seen then, the oldest first. */
export type WatchedSpan = Range & { seen: SeenState[] };

export interface StorageReader {
  /** The names of all services that anything is kept of, in order. */
  services(): Promise<string[]>;
  /** The last tick, of one service, of the host or, for null, of all services; null where there is none. */
  newest(subject: string | null): Promise<Newest | null>;
  /** One service or the host, in order of time and each moment once; steps where nothing was seen are left out. */
  series(subject: string, range: Range, stepMs: number): Promise<Point[]>;
  /** As fine as it is still kept, one service after the other, or the host alone; memory does not grow with the range. */
  rows(range: Range, subject: string | null): AsyncIterable<StorageRow>;
  /** When it was watched, in the order in which that happened. */
  watches(service: string, range: Range): Promise<WatchedSpan[]>;
  close(): Promise<void>;
}

/** One process writes; any number read beside it. */
export interface Storage extends StorageReader {
  append(tick: Tick): Promise<Stored>;
  /** What is as it was before is not kept again. */
  observe(changes: readonly ObservedChange[]): Promise<Stored>;
  /** One bounded step of forgetting what is too old, and of giving its room back; for every tick. */
  turn(): Promise<void>;
  /** What is wrong, in sentences. */
  notices(): string[];
}
