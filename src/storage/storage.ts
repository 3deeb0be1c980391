// The interface of every storage of samples and state changes, whatever it is made of.
import type { FigureName, SpreadName } from "../metrics/figures.ts";
import type { Health, HostSample, MemorySource, Sample, State } from "../metrics/sample.ts";

/** All samples of one moment. `atMs` is the wall clock, and may jump either way between two ticks. */
export type Tick = { atMs: number; samples: readonly Sample[]; host?: HostSample | null };

/** The state of a service after a change. A signal of systemd may report the change before the next tick finds it. */
export type ObservedChange = { service: string; atMs: number; state: State; health: Health; restarts: number | null };

/** A failure to store is returned, not thrown, because the next call tries again. */
export type Stored = { stored: true } | { stored: false; reason: string };

/**
 * A sample of a service or of the host, or many samples folded into one, with the fields of the table of figures. A figure that
 * the subject does not have is absent; a figure that could not be measured is null.
 */
export type Point = Partial<Record<FigureName | `${SpreadName}Min` | `${SpreadName}Max`, number | null>> & {
  /** The time of the sample, or the begin of the time that was folded. */
  atMs: number;
  /** How many samples were folded into this point. */
  samples: number;
  state?: State;
  health?: Health;
  memorySource?: MemorySource | null;
};

/** `service` is the name of a service, or the name that stands for the host. */
export type StorageRow = Point & { service: string };

/** `fromMs` is included, `toMs` is not. */
export type Range = { fromMs: number; toMs: number };

/** The samples of the last tick; the next tick is due after `intervalMs`. A service that was not in the tick has no point. */
export type Newest = { atMs: number; intervalMs: number; points: Map<string, Point> };

/** The state of a service from a time on; null if the service did not exist any more. */
export type SeenState = { atMs: number; state: State | null; health: Health; restarts: number | null };

/** A span without a gap in which one process watched, and the states seen in it, the oldest first. */
export type WatchedSpan = Range & { seen: SeenState[] };

export interface StorageReader {
  /** The names of all services with stored data, sorted. */
  services(): Promise<string[]>;
  /** The last tick of one service, of the host or, for null, of all services; null if no tick is stored. */
  newest(subject: string | null): Promise<Newest | null>;
  /** The points of one service or the host in order of time, each moment once; steps without a sample are left out. */
  series(subject: string, range: Range, stepMs: number): Promise<Point[]>;
  /** Points as fine as they are still kept: of one subject or, for null, of one service after the other, in bounded memory. */
  rows(range: Range, subject: string | null): AsyncIterable<StorageRow>;
  /**
   * The points of all services in a range, from the level whose steps have this length, in no order: one query, whatever the
   * number of services. Where a clock was set back, a point may come twice, the later one behind the earlier one.
   */
  moments(range: Range, stepMs: number): Promise<StorageRow[]>;
  /** When bs9 watched and which states of the service it saw, in the order in which that happened. */
  watches(service: string, range: Range): Promise<WatchedSpan[]>;
  close(): Promise<void>;
}

/** One process writes; any number of processes read at the same time. */
export interface Storage extends StorageReader {
  append(tick: Tick): Promise<Stored>;
  /** A state that equals the previous one is not stored again. */
  observe(changes: readonly ObservedChange[]): Promise<Stored>;
  /** Deletes expired data and gives space back in one bounded step. To be called with every tick. */
  turn(): Promise<void>;
  /** Sentences about what is wrong. */
  notices(): string[];
}
