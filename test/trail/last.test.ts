// The trail (the record of every act of bs9) finds the last time that an act succeeded on a service, and the records before another.
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Act } from "../../src/trail/record.ts";
import { Trail } from "../../src/trail/trail.ts";
import { tempDir } from "../harness.ts";

const who = { uid: 1000, user: "ops", loginUid: null, terminal: null, sshFromEnvironment: null, pid: 7, origin: "cli" as const };
const act = (verb: string, targets: string[], failed: string[] = []): Act => ({
  act: verb,
  targets,
  difference: [],
  result: { outcome: failed.length > 0 ? "failed" : "ok", exitStatus: 0, message: null, failed },
});

test("the last time that an act succeeded on a service is found in the trail, also in its full files", async () => {
  const folder = tempDir();
  let nowMs = 0;
  const journal = { tell: async () => {}, recall: async () => [] };
  const trail = new Trail({ folder, who, now: () => nowMs, journal, maxBytes: 1500 });
  nowMs = 1000;
  await trail.append(act("delete", ["web", "api"]));
  nowMs = 2000;
  await trail.append(act("delete", ["web", "api"], ["web"]));
  nowMs = 3000;
  for (let i = 0; i < 20; i++) await trail.append(act("start", ["web"]));
  expect(readdirSync(folder).length).toBeGreaterThan(1);
  const atMs = (target: string) => {
    const record = trail.last("delete", target);
    return record === null ? null : Date.parse(record.at);
  };
  expect([atMs("web"), atMs("api"), atMs("other")]).toEqual([1000, 2000, null]);
  rmSync(folder, { recursive: true });
});

test("the records before a record are read without the files that have only later ones", async () => {
  const folder = tempDir();
  const trail = new Trail({ folder, who, now: () => 0, journal: { tell: async () => {}, recall: async () => [] }, maxBytes: 2000 });
  for (let i = 0; i < 40; i++) await trail.append(act("start", ["web"]));
  const all = [...trail.newestFirst()].map(({ seq }) => seq);
  expect(readdirSync(folder).length).toBeGreaterThan(3);
  for (const before of [1, 2, 7, 20, 39, 1000])
    expect([...trail.newestFirst(before)].map(({ seq }) => seq)).toEqual(all.filter((seq) => seq < before));
  // A directory in place of the newest file: reading it fails.
  rmSync(join(folder, "trail.jsonl"));
  mkdirSync(join(folder, "trail.jsonl"));
  expect(() => [...trail.newestFirst()]).toThrow();
  expect([...trail.newestFirst(10)].map(({ seq }) => seq)).toEqual(all.filter((seq) => seq < 10));
});
