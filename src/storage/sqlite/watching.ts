// Who was seen in which state, and when anybody watched at all: a watch is a time without a gap.
import type { Database } from "bun:sqlite";
import { follows } from "../levels.ts";
import type { Range, Seen, Watch } from "../storage.ts";
import { idFor, type Names } from "./names.ts";

type Known = Omit<Seen, "atMs"> & { n: number; watch: number };

/** The present watch, and what each service was when it was last seen. */
export type Watching = { watch: number; toMs: number; known: Map<number, Known> };

export function loadWatching(db: Database, names: Names): Watching {
  const last = db.query<{ id: number }, []>("SELECT id FROM watch ORDER BY id DESC LIMIT 1").get();
  const select = db.query<Known, [number]>("SELECT n, watch, state, health, restarts FROM seen WHERE service = ?1 ORDER BY n DESC LIMIT 1");
  const known = new Map<number, Known>();
  for (const id of names.nameOf.keys()) {
    const seen = select.get(id);
    if (seen !== null) known.set(id, seen);
  }
  // What was between this process and the one before nobody saw: whoever comes now begins a watch of its own.
  return { watch: last?.id ?? 0, toMs: Number.NEGATIVE_INFINITY, known };
}

export type Look = Omit<Seen, "atMs"> & { service: string };

/** `isAll`: what is not in the list is there no more. Returns what to remember; what is known stays as it is until then. */
export function see(
  db: Database,
  names: Names,
  before: Watching,
  looks: readonly Look[],
  atMs: number,
  stepMs: number,
  isAll: boolean,
): Watching {
  // A signal and a tick may come in the same millisecond; and a signal that is late by a moment is no clock that was set.
  const isSame = before.watch > 0 && (follows(before.toMs, atMs, stepMs) || (!isAll && Math.abs(atMs - before.toMs) <= stepMs));
  const watch = isSame ? before.watch : before.watch + 1;
  const toMs = isSame ? Math.max(atMs, before.toMs) : atMs;
  if (isSame) db.query("UPDATE watch SET toMs = ?2 WHERE id = ?1").run(watch, toMs);
  else db.query("INSERT INTO watch (id, fromMs, toMs) VALUES (?1, ?2, ?2)").run(watch, atMs);

  const insert = db.query("INSERT INTO seen (service, n, watch, atMs, state, health, restarts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  const known = new Map<number, Known>();
  const record = (id: number, { state, health, restarts }: Omit<Seen, "atMs">) => {
    const last = before.known.get(id);
    if (last?.watch === watch && last.state === state && last.health === health && last.restarts === restarts) return;
    const n = (last?.n ?? 0) + 1;
    insert.run(id, n, watch, atMs, state, health, restarts);
    known.set(id, { n, watch, state, health, restarts });
  };
  const present = new Set<number>();
  for (const look of looks) {
    const id = idFor(db, names, look.service);
    if (!present.has(id)) record(id, look);
    present.add(id);
  }
  if (isAll) {
    for (const [id, { watch: seenIn, state, restarts }] of before.known)
      if (seenIn === watch && state !== null && !present.has(id)) record(id, { state: null, health: "unknown", restarts });
  }
  return { watch, toMs, known: known.size === 0 ? before.known : new Map([...before.known, ...known]) };
}

export function watchesOf(db: Database, id: number, { fromMs, toMs }: Range): Watch[] {
  const watches = db
    .query<{ id: number; fromMs: number; toMs: number }, [number, number]>(
      "SELECT id, fromMs, toMs FROM watch WHERE toMs >= ?1 AND fromMs < ?2 ORDER BY id",
    )
    .all(fromMs, toMs);
  const [first, last] = [watches[0], watches.at(-1)];
  if (first === undefined || last === undefined) return [];
  const seen = db
    .query<Seen & { watch: number }, [number, number, number]>(
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
