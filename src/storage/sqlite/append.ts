// Writes one tick into the database: its row, the steps of the coarser levels that end with it, and the chunks that are due.
import type { Database } from "bun:sqlite";
import { hostName, type SubjectKind } from "../../metrics/subject.ts";
import { type Block, blockFrom } from "../block.ts";
import { layoutOn } from "../columns.ts";
import { fold } from "../fold.ts";
import type { RetentionLevel } from "../levels.ts";
import type { Tick } from "../storage.ts";
import { depthOf, writeChunks } from "./chunks.ts";
import { type Head, loadEntries, loadHeads, type Recent, type Recents, type TickEntry } from "./recent.ts";
import { idFor, type Names, tickKey } from "./schema.ts";

/** Returns the new recent entries; `recents` stays valid in case the transaction fails. */
export function appendTick(db: Database, names: Names, recents: Recents, levels: readonly RetentionLevel[], tick: Tick): Recents {
  const { atMs, samples, host = null } = tick;
  const services = encode(db, names, "service", samples, ({ service }) => service);
  const ofHost = host === null ? null : encode(db, names, "host", [host], () => hostName);
  return {
    service: append(db, names, "service", recents.service, levels, { atMs, block: services }),
    host: ofHost === null ? recents.host : append(db, names, "host", recents.host, levels, { atMs, block: ofHost }),
  };
}

type Moment = Pick<TickEntry, "atMs" | "block">;

function append(db: Database, names: Names, kind: SubjectKind, recent: Recent, levels: readonly RetentionLevel[], moment: Moment): Recent {
  const first: TickEntry = { seq: (recent.heads[0]?.seq ?? 0) + 1, upto: 0, ...moment };
  const raw = [...recent.raw, first];
  insert(db, kind, 0, first);
  writeChunks(db, names, kind, 0, raw, first.seq);
  const heads: (Head | null)[] = [headOf(first)];
  for (let level = 1; level < levels.length; level++) {
    const upto = recent.heads[level]?.upto ?? 0;
    const below = level === 1 ? raw.filter(({ seq }) => seq > upto) : loadHeads(db, kind, level - 1, upto);
    let head = recent.heads[level] ?? null;
    for (const step of endedSteps(below, levels[level]?.stepMs ?? 0)) {
      const run =
        level === 1
          ? raw.filter(({ seq }) => seq >= step.first && seq <= step.last)
          : loadEntries(db, kind, level - 1, { afterSeq: step.first - 1, lastSeq: step.last });
      const entry: TickEntry = { seq: (head?.seq ?? 0) + 1, atMs: step.atMs, upto: step.last, block: foldStep(kind, run) };
      insert(db, kind, level, entry);
      writeChunks(db, names, kind, level, loadEntries(db, kind, level), entry.seq);
      head = headOf(entry);
    }
    heads.push(head);
    if (head === recent.heads[level]) {
      heads.push(...recent.heads.slice(level + 1));
      break;
    }
  }
  const oldest = heads.map((head, level) =>
    trim(db, kind, level, head, level + 1 < levels.length ? (heads[level + 1]?.upto ?? 0) : Number.POSITIVE_INFINITY),
  );
  return { raw: raw.filter(({ seq }) => seq > (oldest[0] ?? 0)), heads };
}

function insert(db: Database, kind: SubjectKind, level: number, { seq, atMs, upto, block }: TickEntry): void {
  db.query("INSERT INTO tick (key, atMs, upto, block) VALUES (?1, ?2, ?3, ?4)").run(tickKey(kind, level, seq), atMs, upto, block.bytes);
}

const headOf = ({ seq, atMs, upto }: TickEntry): Head => ({ seq, atMs, upto });

/**
 * Deletes the entries that are already in chunks and combined into the next coarser level. Returns the `seq` of the last
 * deleted entry.
 */
function trim(db: Database, kind: SubjectKind, level: number, head: Head | null, takenIn: number): number {
  const last = Math.min((head?.seq ?? 0) - depthOf(kind, level), takenIn);
  if (last > 0) db.query("DELETE FROM tick WHERE key BETWEEN ?1 AND ?2").run(tickKey(kind, level, 0), tickKey(kind, level, last));
  return last;
}

function encode<T extends Values>(
  db: Database,
  names: Names,
  kind: SubjectKind,
  samples: readonly T[],
  nameOf: (sample: T) => string,
): Block {
  const byId = new Map<number, T>();
  for (const sample of samples) byId.set(idFor(db, names, nameOf(sample)), sample);
  const keys = Float64Array.from(byId.keys()).sort();
  return blockFrom(
    layoutOn(kind, 0),
    keys,
    Array.from(keys, (id) => byId.get(id) ?? {}),
  );
}

type Values = Readonly<Record<string, unknown>>;

/** A step has far fewer entries than this unless the clock stands still; a step that reaches this number counts as complete. */
const maxInStep = 300;

type Step = { atMs: number; first: number; last: number };

/**
 * The steps (stretches of time that become one point) that are complete, because the entry after them belongs to another step,
 * earlier or later.
 */
function endedSteps(open: readonly Head[], stepMs: number): Step[] {
  const step = ({ atMs }: Head) => Math.floor(atMs / stepMs) * stepMs;
  const steps: Step[] = [];
  for (let begin = 0, end = 1; end <= open.length; end++) {
    const [first, last, next] = [open[begin], open[end - 1], open[end]];
    if (first === undefined || last === undefined) break;
    const isOver = next === undefined ? end - begin > maxInStep : step(next) !== step(first);
    if (!isOver) continue;
    steps.push({ atMs: step(first), first: first.seq, last: last.seq });
    begin = end;
  }
  return steps;
}

function foldStep(kind: SubjectKind, entries: Iterable<TickEntry>): Block {
  // If the clock was set back within the step, the later entries count, so that no step has more samples than fit into it.
  let laterMs = Number.POSITIVE_INFINITY;
  const run = [...entries].reverse().filter((entry) => {
    const isFirst = entry.atMs < laterMs;
    laterMs = Math.min(laterMs, entry.atMs);
    return isFirst;
  });
  run.reverse();
  const ids = new Set<number>();
  for (const { block } of run) for (const id of block.keys) ids.add(id);
  const keys = Float64Array.from(ids).sort();
  const rows = new Map(Array.from(keys, (id, row) => [id, row]));
  return fold(
    kind,
    run.map(({ block }) => ({ block, targets: Int32Array.from(block.keys, (id) => rows.get(id) ?? 0) })),
    keys,
  );
}
