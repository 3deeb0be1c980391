// Prepares a file of an older bs9 for blocks with more columns.
import type { Database } from "bun:sqlite";
import { kindOf, kinds } from "../../metrics/subject.ts";
import { layoutOn } from "../columns.ts";
import { chunksOf, latestChunk } from "./chunks.ts";
import { loadEntries, type Recents } from "./recent.ts";
import { chunkKey, type Names } from "./schema.ts";

/**
 * Writes a chunk of each service with the points that are in none yet, if an older bs9 wrote the last entry. More columns make a
 * chunk shorter, so entries are deleted sooner than the older bs9 expected when it left these points for a later chunk.
 */
export function completeChunks(db: Database, names: Names, recents: Recents): void {
  for (const kind of kinds) {
    const { raw, heads } = recents[kind];
    const last = raw.at(-1);
    if (last === undefined || last.block.layout === layoutOn(kind, 0)) continue;
    const ids = [...names.nameOf].flatMap(([id, name]) => (kindOf(name) === kind ? [id] : []));
    const latest = latestChunk(db);
    const insert = db.query("INSERT INTO chunk (key, minMs, maxMs, block) VALUES (?1, ?2, ?3, ?4)");
    for (const [level, head] of heads.entries()) {
      if (head === null) continue;
      const after = new Map(ids.map((id) => [id, latest(level, id)]));
      for (const [id, { keys, bytes }] of chunksOf(loadEntries(db, kind, level), kind, level, after))
        insert.run(chunkKey(level, id, head.seq), Math.min(...keys), Math.max(...keys), bytes);
    }
  }
}
