// The cost of many state changes in one call, and that each of them is recorded.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { loadNames, migrations } from "../../src/storage/sqlite/schema.ts";
import { loadWatching, recordChanges, recordStates, watchesOf } from "../../src/storage/sqlite/watching.ts";
import type { ObservedChange } from "../../src/storage/storage.ts";
import { beginMs, intervalMs, samplesOf } from "./samples.ts";

let db: Database;
afterEach(() => db.close());

function begin() {
  db = new Database(":memory:", { strict: true });
  for (const step of migrations) db.run(step);
  const names = loadNames(db);
  const before = recordStates(db, names, loadWatching(db, names), samplesOf(1000, 0), beginMs, intervalMs);
  return { names, before };
}

/** A map that counts how often all its entries were read. */
class Counted<K, V> extends Map<K, V> {
  passes = 0;
  override entries() {
    this.passes++;
    return super.entries();
  }
  override [Symbol.iterator]() {
    return this.entries();
  }
}

const down = (service: string, atMs: number, restarts: number): ObservedChange => ({
  ...{ service, atMs, restarts },
  state: "activating",
  health: "unknown",
});

test("when a thousand services restart at once, their known states are copied only once", () => {
  const { names, before } = begin();
  const known = new Counted(before.known);
  known.passes = 0;
  const changes = Array.from({ length: 1000 }, (_, i) => down(`s${i + 1}`, beginMs + i, 1));
  const after = recordChanges(db, names, { ...before, known }, changes, intervalMs);
  expect(known.passes).toBe(1);
  expect([...after.known.values()].every(({ n, restarts }) => n === 2 && restarts === 1)).toBe(true);
  // The previous state must stay valid in case the transaction fails.
  expect([...known.values()].every(({ n }) => n === 1)).toBe(true);
});

test("each change of a service is stored once, and after a gap a new watch (time without a gap) begins", () => {
  const { names, before } = begin();
  const lateMs = beginMs + 3_600_000;
  const changes = [
    down("s1", beginMs + 2000, 1),
    down("s1", beginMs + 3000, 1),
    down("s1", beginMs + 2500, 2),
    down("s1", lateMs, 2),
    down("s2", lateMs + 1000, 2),
  ];
  recordChanges(db, names, before, changes, intervalMs);
  const told = watchesOf(db, names.idOf.get("s1") ?? -1, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
  expect(told.map(({ fromMs, toMs, seen }) => [fromMs - beginMs, toMs - beginMs, seen.map(({ atMs }) => atMs - beginMs)])).toEqual([
    [0, 3000, [0, 2000, 2500]],
    [3_600_000, 3_601_000, [3_600_000]],
  ]);
});
