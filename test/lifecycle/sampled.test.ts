// The last sample of a service from a real metrics.db, which must not be stale.
import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sampledOf } from "../../src/lifecycle/stored.ts";
import { openSqliteReader } from "../../src/storage/sqlite/reader.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { beginMs, intervalMs, sample } from "../storage/samples.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).toReversed()) await act();
});

/** Stores two ticks; returns a function that reads the sample of a service at a time after the second tick. */
async function kept() {
  const folder = tempDir();
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "metrics.db");
  const storage = await openSqlite(path, { now: () => beginMs, minFreeBytes: 0 });
  await storage.append({ atMs: beginMs - intervalMs, samples: [sample("old", 1), sample("web", 1)] });
  await storage.append({ atMs: beginMs, samples: [sample("web", 6, { openFiles: 12 }), sample("other", 3)] });
  await storage.close();
  const reader = openSqliteReader(path);
  cleanUp.push(() => reader.close());
  return (name: string, afterMs: number) => sampledOf(name, { storage: reader, now: () => beginMs + afterMs });
}

test("describe shows the sample of a service from the last tick", async () => {
  const told = await kept();
  expect(await told("web", 100)).toMatchObject({ at: new Date(beginMs).toISOString(), openFiles: 12, ioReadBytes: 6 });
  expect(await told("old", 100)).toBeNull();
  expect(await told("nobody", 100)).toBeNull();
});

test.each([
  [3 * intervalMs, true],
  [3 * intervalMs + 1, false],
  [86_400_000, false],
  [-2 * intervalMs, true],
  [-3_600_000, false],
])("whether describe shows a sample that is %d ms old is correct: %p", async (afterMs, isTold) => {
  expect((await (await kept())("web", afterMs)) !== null).toBe(isTold);
});

test("describe shows no sample without a metrics.db", async () => {
  const folder = tempDir();
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const reader = openSqliteReader(join(folder, "metrics.db"));
  expect(await sampledOf("web", { storage: reader, now: () => beginMs })).toBeNull();
});
