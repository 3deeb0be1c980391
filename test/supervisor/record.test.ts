// A record on disk identifies a process without doubt, or identifies none.
import { afterAll, expect, test } from "bun:test";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtIn } from "../../src/service/defaults.ts";
import { resolve } from "../../src/service/resolve.ts";
import { membersOf } from "../../src/supervisor/group.ts";
import { blank, era, isAlive, type Process, processOf, Records } from "../../src/supervisor/record.ts";
import { tempDir, until } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));
const records = new Records(folder);
const around = { root: folder, cwd: folder, path: "/usr/bin", runtime: { kind: "none" as const } };
const input = { env: { KEY: "secret" }, envRemoved: [], reset: false, name: "web" };
const record = blank(resolve(input, { path: join(folder, "app.sh"), kind: "script", onPath: false }, null, around, builtIn), "1", null);

test("the record of a service can be read again after it was written, by its user only", () => {
  records.put(record, true);
  expect(records.get("web")).toEqual(record);
  expect(records.names()).toEqual(["web"]);
  expect(statSync(records.file("web")).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "services"))).toEqual(["web.json"]);
});

test.each(["", "{", "null", "[]", '{"version":2}', JSON.stringify({ ...record, more: 1 }), JSON.stringify({ ...record, process: 1 })])(
  "the record %j of a service is ignored as invalid, without an error",
  (text) => {
    writeFileSync(records.file("bad"), text);
    expect(records.get("bad")).toBeNull();
  },
);

test("files whose names are not valid names of services are not read as records", () => {
  for (const name of ["..", "a b", ".hidden"]) writeFileSync(join(folder, "services", `${name}.json`), JSON.stringify(record));
  expect(records.names().filter((name) => name !== "bad")).toEqual(["web"]);
});

test("a process is identified by pid, start time and era while it runs", async () => {
  const child = Bun.spawn(["sleep", "1000"]);
  const seen = processOf(child.pid) as Process;
  expect(isAlive(seen)).toBe(true);
  expect(isAlive({ ...seen, startTime: "1" })).toBe(false);
  expect(isAlive({ ...seen, era: seen.era.replace(/^./, "?") })).toBe(false);
  child.kill("SIGKILL");
  await child.exited;
  expect(isAlive(seen)).toBe(false);
  expect(processOf(child.pid)).toBeNull();
});

test("a zombie process does not count as alive", async () => {
  // The shell executes a program that never waits for its child.
  const parent = Bun.spawn(["sh", "-c", "sleep 0.3 & echo $!; exec sleep 1000"], { stdout: "pipe" });
  const { value } = await parent.stdout.getReader().read();
  const seen = processOf(Number(new TextDecoder().decode(value))) as Process;
  expect(isAlive(seen)).toBe(true);
  await until(() => !isAlive(seen), { what: "it has ended" });
  expect(processOf(seen.pid)).toEqual(seen);
  parent.kill("SIGKILL");
  await parent.exited;
});

test("no process counts as part of the service if the pid of its session leader now belongs to another process", async () => {
  const child = Bun.spawn(["sh", "-c", "sleep 1000 & wait"], { detached: true });
  const leader = processOf(child.pid) as Process;
  const members = await until(
    () => {
      const found = membersOf({ leader, cgroup: null });
      return found.length === 2 ? found : null;
    },
    { what: "both run" },
  );
  expect(members).toContain(child.pid);
  expect(membersOf({ leader: { ...leader, startTime: "1" }, cgroup: null })).toEqual([]);
  child.kill("SIGKILL");
  await child.exited;
  const rest = await until(
    () => {
      const found = membersOf({ leader, cgroup: null });
      return found.length === 1 ? found : null;
    },
    { what: "one is left" },
  );
  expect(members).toContain(rest[0] ?? -1);
  for (const pid of rest) process.kill(pid, "SIGKILL");
});

test("the era, in which pids in a record are valid, consists of the boot and the pid namespace", () => {
  expect(era()).toMatch(/^[0-9a-f-]{36} pid:\[\d+\] \d+$/);
});
