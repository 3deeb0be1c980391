// Deletes expired data in bounded steps: each step looks at some of the services in turn, and then shrinks the file.
import type { Database } from "bun:sqlite";
import { kindOf } from "../../metrics/subject.ts";
import { expiredOf, type RetentionLevel, seenKeep, trustedClock, trustedClockMs } from "../levels.ts";
import type { Recents } from "./recent.ts";
import { chunkKey, lastChunkKey, type Names } from "./schema.ts";

const servicesPerStep = 20;
/** The file shrinks by at most this many pages in one step: 1 MB. */
const pagesPerStep = 256;
/** Share of the pages that stays free in the file, because new data needs them soon. */
const spareShare = 0.05;

/** `turn` counts the steps, `clockMs` is the wall clock. Returns the ids of services of which no data is left. */
export function deleteExpired(
  db: Database,
  names: Names,
  recents: Recents,
  levels: readonly RetentionLevel[],
  clockMs: number,
  turn: number,
): number[] {
  const watches = db.query<{ fromMs: number; toMs: number }, [number]>("SELECT fromMs, toMs FROM watch ORDER BY id DESC LIMIT ?1");
  const nowMs = trustedClockMs(clockMs, watches.iterate(trustedClock.watches));
  const ids = [...names.nameOf];
  const parts = Math.ceil(ids.length / servicesPerStep);
  const gone: number[] = [];
  for (const [id, name] of ids.slice((turn % parts) * servicesPerStep).slice(0, servicesPerStep)) {
    const kind = kindOf(name);
    const { heads } = recents[kind];
    for (const [level, one] of levels.entries()) forgetPoints(db, id, level, expiredOf(one, heads[level]?.seq ?? 0, nowMs));
    if (kind === "host") continue;
    forgetSeen(db, id, nowMs);
    if (isGone(db, levels.length, id, nowMs)) gone.push(id);
  }
  for (const id of gone) {
    db.query("DELETE FROM seen WHERE service = ?1").run(id);
    db.query("DELETE FROM service WHERE id = ?1").run(id);
  }
  db.query("DELETE FROM watch WHERE id IN (SELECT id FROM watch WHERE toMs < ?1 ORDER BY id LIMIT 100)").run(nowMs - seenKeep.ageMs);
  db.query("DELETE FROM watch WHERE id < (SELECT max(id) FROM watch) - ?1").run(seenKeep.watches);
  return gone;
}

/** Shrinks the file by `pagesPerStep` pages at most. */
export function incrementalVacuum(db: Database): void {
  const free = db.query<{ freelist_count: number }, []>("PRAGMA freelist_count").get()?.freelist_count ?? 0;
  const pages = db.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
  const excess = free - Math.ceil(pages * spareShare);
  if (excess > 0) db.run(`PRAGMA incremental_vacuum(${Math.min(excess, pagesPerStep)})`);
}

function forgetPoints(db: Database, id: number, level: number, expired: ReturnType<typeof expiredOf>): void {
  const [first, last] = [chunkKey(level, id, 0), lastChunkKey(level, id)];
  if ("upToSeq" in expired) db.query("DELETE FROM chunk WHERE key BETWEEN ?1 AND ?2").run(first, chunkKey(level, id, expired.upToSeq));
  else db.query("DELETE FROM chunk WHERE key BETWEEN ?1 AND ?2 AND maxMs < ?3").run(first, last, expired.olderThanMs);
}

/** Keeps the last state before the kept time: it is the state in which that time begins. */
function forgetSeen(db: Database, id: number, nowMs: number): void {
  db.query("DELETE FROM seen WHERE service = ?1 AND n < (SELECT max(n) FROM seen WHERE service = ?1 AND atMs < ?2)").run(
    id,
    nowMs - seenKeep.ageMs,
  );
  db.query("DELETE FROM seen WHERE service = ?1 AND n <= (SELECT max(n) FROM seen WHERE service = ?1) - ?2").run(id, seenKeep.perService);
}

function isGone(db: Database, levels: number, id: number, nowMs: number): boolean {
  const last = db.query<{ atMs: number }, [number]>("SELECT atMs FROM seen WHERE service = ?1 ORDER BY n DESC LIMIT 1").get(id);
  if (last !== null && last.atMs >= nowMs - seenKeep.ageMs) return false;
  const isKept = (level: number) =>
    db.query("SELECT 1 FROM chunk WHERE key BETWEEN ?1 AND ?2 LIMIT 1").get(chunkKey(level, id, 0), lastChunkKey(level, id)) !== null;
  return !Array.from({ length: levels }, (_, level) => isKept(level)).includes(true);
}
