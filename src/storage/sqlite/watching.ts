// Records in which state each service was seen, and when bs9 watched at all: a watch is a span of time without a gap.
import type { Database } from "bun:sqlite";
import { follows } from "../levels.ts";
import type { ObservedChange, Range, SeenState, WatchedSpan } from "../storage.ts";
import { idFor, type Names } from "./schema.ts";

type Known = Omit<SeenState, "atMs"> & { n: number; watch: number };

/**
 * The present watch (the time without a gap in which bs9 has observed the services), and the last observed state of each
 * service.
 */
export type Watching = { watch: number; toMs: number; known: Map<number, Known> };

export function loadWatching(db: Database, names: Names): Watching {
  const last = db.query<{ id: number }, []>("SELECT id FROM watch ORDER BY id DESC LIMIT 1").get();
  const select = db.query<Known, [number]>("SELECT n, watch, state, health, restarts FROM seen WHERE service = ?1 ORDER BY n DESC LIMIT 1");
  const known = new Map<number, Known>();
  for (const id of names.nameOf.keys()) {
    const seen = select.get(id);
    if (seen !== null) known.set(id, seen);
  }
  // Nobody watched between the previous process and this one, so this process must begin a new watch.
  return { watch: last?.id ?? 0, toMs: Number.NEGATIVE_INFINITY, known };
}

type Look = Omit<SeenState, "atMs"> & { service: string };

/** The work of one call: the watch so far, and the states that have changed. */
type Round = Watching & { db: Database; names: Names; stepMs: number; news: Map<number, Known>; isMoved: boolean };

/** Records changes in the order of their reports. Returns the new state; `before` stays valid in case the transaction fails. */
export function recordChanges(db: Database, names: Names, before: Watching, changes: readonly ObservedChange[], stepMs: number): Watching {
  const round: Round = { ...before, db, names, stepMs, news: new Map(), isMoved: false };
  for (const change of changes) {
    goOn(round, change.atMs, false);
    record(round, idFor(db, names, change.service), change, change.atMs);
  }
  return ended(round);
}

/** Records the states of all services at one moment: a service that is not in `looks` does not exist any more. */
export function recordStates(db: Database, names: Names, before: Watching, looks: readonly Look[], atMs: number, stepMs: number): Watching {
  const round: Round = { ...before, db, names, stepMs, news: new Map(), isMoved: false };
  goOn(round, atMs, true);
  const present = new Set<number>();
  for (const look of looks) {
    const id = idFor(db, names, look.service);
    if (!present.has(id)) record(round, id, look, atMs);
    present.add(id);
  }
  for (const [id, { watch, state, restarts }] of before.known)
    if (watch === round.watch && state !== null && !present.has(id)) record(round, id, { state: null, health: "unknown", restarts }, atMs);
  return ended(round);
}

/** Extends the present watch to `atMs`, or begins a new watch after a gap. */
function goOn(round: Round, atMs: number, isTick: boolean): void {
  const { watch, toMs, stepMs } = round;
  // A signal of systemd may arrive in the same millisecond as a tick, or a little late: neither means that somebody has set the
  // clock.
  if (watch > 0 && (follows(toMs, atMs, stepMs) || (!isTick && Math.abs(atMs - toMs) <= stepMs))) {
    round.isMoved ||= atMs > toMs;
    round.toMs = Math.max(atMs, toMs);
    return;
  }
  lengthen(round);
  round.db.query("INSERT INTO watch (id, fromMs, toMs) VALUES (?1, ?2, ?2)").run(watch + 1, atMs);
  round.watch = watch + 1;
  round.toMs = atMs;
}

function record({ db, watch, known, news }: Round, id: number, { state, health, restarts }: Omit<SeenState, "atMs">, atMs: number): void {
  const last = news.get(id) ?? known.get(id);
  if (last?.watch === watch && last.state === state && last.health === health && last.restarts === restarts) return;
  const n = (last?.n ?? 0) + 1;
  db.query("INSERT INTO seen (service, n, watch, atMs, state, health, restarts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").run(
    ...[id, n, watch, atMs, state, health, restarts],
  );
  news.set(id, { n, watch, state, health, restarts });
}

function lengthen(round: Round): void {
  if (round.isMoved) round.db.query("UPDATE watch SET toMs = ?2 WHERE id = ?1").run(round.watch, round.toMs);
  round.isMoved = false;
}

/**
 * Copies the known states once for all reported changes: a copy for each change would cost far more when every service
 * restarts.
 */
function ended(round: Round): Watching {
  lengthen(round);
  const { watch, toMs, known, news } = round;
  return { watch, toMs, known: news.size === 0 ? known : new Map([...known, ...news]) };
}

export function watchesOf(db: Database, id: number, { fromMs, toMs }: Range): WatchedSpan[] {
  const watches = db
    .query<{ id: number; fromMs: number; toMs: number }, [number, number]>(
      "SELECT id, fromMs, toMs FROM watch WHERE toMs >= ?1 AND fromMs < ?2 ORDER BY id",
    )
    .all(fromMs, toMs);
  const [first, last] = [watches[0], watches.at(-1)];
  if (first === undefined || last === undefined) return [];
  const seen = db
    .query<SeenState & { watch: number }, [number, number, number]>(
      "SELECT watch, atMs, state, health, restarts FROM seen WHERE service = ?1 AND watch BETWEEN ?2 AND ?3 ORDER BY n",
    )
    .all(id, first.id, last.id);
  const byWatch = Map.groupBy(seen, ({ watch }) => watch);
  return watches.map((watch) => ({
    fromMs: watch.fromMs,
    toMs: watch.toMs,
    seen: (byWatch.get(watch.id) ?? []).map(({ watch: _, ...one }) => one),
  }));
}
