// Which ends of a service the supervisor tells as kills for memory, from the counts of the kernel.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Exit } from "../../src/backend/ended.ts";
import { oomKillsIn } from "../../src/metrics/cgroup.ts";
import { noteKills, SharedKills, wordsOfEnded } from "../../src/supervisor/out-of-memory.ts";
import { tempDir } from "../harness.ts";

const killed: Exit = { code: "killed", status: constants.signals.SIGKILL };
const counted = (folder: string, kills: number) =>
  writeFileSync(join(folder, "memory.events"), `low 0\nhigh 0\nmax 12\noom 3\noom_kill ${kills}\noom_group_kill 0\n`);

test("a SIGKILL is out of memory where the count of its own cgroup has grown since its process began", () => {
  const folder = tempDir();
  counted(folder, 2);
  expect(oomKillsIn(folder)).toBe(2);
  noteKills(folder);
  expect(wordsOfEnded(killed, folder, 0)).toBe("killed by SIGKILL");
  noteKills(folder);
  counted(folder, 3);
  expect(wordsOfEnded({ code: "killed", status: constants.signals.SIGTERM }, folder, 0)).toBe("killed by SIGTERM");
  noteKills(folder);
  counted(folder, 4);
  expect(wordsOfEnded(killed, folder, 0)).toBe("killed: out of memory");
});

test("in a shared cgroup each kill counts for one end, and for none later", () => {
  let count: number | null = 5;
  const kills = new SharedKills(() => count);
  kills.look(0);
  expect(kills.take(10)).toBe(false);
  count = 7;
  expect([kills.take(20), kills.take(30), kills.take(40)]).toEqual([true, true, false]);
  count = 8;
  kills.look(50);
  kills.look(3000);
  expect(kills.take(3010)).toBe(false);
  count = null;
  expect(kills.take(3020)).toBe(false);
});
