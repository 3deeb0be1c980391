// The trail (the record of every act of bs9) finds the last time that an act succeeded on a service.
import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
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
