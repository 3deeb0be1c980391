// The counters of real cgroups and real processes, compared with other files of the kernel.
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupRoot, usecOfPids } from "../../src/metrics/cgroup.ts";
import { type Counted, counterReader } from "../../src/metrics/counters.ts";
import { keepDescriptors } from "../../src/metrics/descriptors.ts";
import { until } from "../harness.ts";

const parent = join(cgroupRoot(), `bs9-counters-${process.pid}`);
const children: Bun.Subprocess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0).toReversed()) await removed(folder);
});

/** A cgroup can be removed only after the processes killed in it have ended. */
async function removed(folder: string): Promise<void> {
  const remove = () => {
    rmdirSync(folder);
    return true;
  };
  await until(remove, { what: `${folder} is empty` });
}

const canMakeCgroups = (() => {
  try {
    mkdirSync(parent);
    rmdirSync(parent);
    return true;
  } catch {
    return false;
  }
})();

function cgroup(name: string): Counted & { group: { kind: "cgroup"; folder: string } } {
  if (folders.length === 0) {
    mkdirSync(parent);
    folders.push(parent);
  }
  const folder = join(parent, name);
  mkdirSync(folder);
  folders.push(folder);
  return { service: name, group: { kind: "cgroup", folder } };
}

/** A shell that burns CPU, in a cgroup. */
function burn(folder: string): Bun.Subprocess {
  const child = Bun.spawn(["sh", "-c", "while :; do :; done"]);
  children.push(child);
  writeFileSync(join(folder, "cgroup.procs"), String(child.pid));
  return child;
}

test.skipIf(!canMakeCgroups)("the reader reports CPU, memory, tasks and open files of a cgroup", async () => {
  const web = cgroup("web");
  const reader = counterReader();
  const empty = reader.read([web], 1).get("web");
  expect(empty).toMatchObject({ cpuUsec: 0, openFiles: null, restReadAtMs: 1 });
  const child = burn(web.group.folder);
  await until(() => (reader.read([web], 2).get("web")?.cpuUsec ?? 0) > 50_000, { what: "CPU time is counted" });
  const found = reader.read([web], 3).get("web");
  expect(found).toMatchObject({ tasks: 1, openFiles: readdirSync(`/proc/${child.pid}/fd`).length, restReadAtMs: 3 });
  expect(found?.memoryBytes).toBeGreaterThan(100_000);
  // A counter that this kernel does not have is null.
  const has = readdirSync(web.group.folder);
  expect(found?.memorySource).toBe(has.includes("memory.current") ? "cgroup" : "processes");
  expect(found?.ioReadBytes === null).toBe(!has.includes("io.stat"));
  expect(found?.cpuStalledUsec === null).toBe(!has.includes("cpu.pressure"));
  reader.close();
});

test.skipIf(!canMakeCgroups)("a new cgroup is told apart from an earlier one of the same name", async () => {
  const web = cgroup("web");
  const reader = counterReader();
  const child = burn(web.group.folder);
  await until(() => (reader.read([web], 1).get("web")?.cpuUsec ?? 0) > 50_000, { what: "CPU time is counted" });
  const before = reader.read([web], 2).get("web");
  child.kill("SIGKILL");
  await removed(web.group.folder);
  expect(reader.read([web], 3).get("web")).toMatchObject({ cpuUsec: null, countedIn: null });
  mkdirSync(web.group.folder);
  const after = reader.read([web], 4).get("web");
  expect(after?.cpuUsec).toBe(0);
  expect(after?.countedIn).not.toBe(before?.countedIn ?? "");
  reader.close();
});

test.skipIf(!canMakeCgroups)("expensive counters are read in turn; descriptors stay within their limit and are all closed", () => {
  const services = Array.from({ length: 10 }, (_, i) => cgroup(`s${i}`));
  const openNow = () => readdirSync("/proc/self/fd").length;
  const before = openNow();
  const reader = counterReader({ restPerTick: 3, descriptors: keepDescriptors(12) });
  reader.read(services, 0);
  const readAt = (nowMs: number) => [...reader.read(services, nowMs).values()].filter(({ restReadAtMs }) => restReadAtMs === nowMs).length;
  expect([1, 2, 3, 4].map(readAt)).toEqual([3, 3, 3, 3]);
  for (const { restReadAtMs } of reader.read(services, 5).values()) expect(restReadAtMs).toBeGreaterThan(0);
  expect(reader.descriptors).toBe(12);
  expect(openNow()).toBeLessThanOrEqual(before + 12);
  reader.read(services.slice(0, 1), 6);
  expect(reader.descriptors).toBeLessThan(12);
  reader.close();
  expect(reader.descriptors).toBe(0);
  expect(openNow()).toBe(before);
});

test("without a cgroup the counters come from the processes of the service, and without processes every counter is null", () => {
  const reader = counterReader();
  const found = reader.read(
    [
      { service: "me", group: { kind: "processes", pids: [process.pid] } },
      { service: "gone", group: { kind: "processes", pids: [2 ** 22 + 1] } },
      { service: "none", group: null },
    ],
    1,
  );
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
  const me = found.get("me");
  expect(me).toMatchObject({ countedIn: null, memorySource: "processes", ioReadBytes: null });
  expect(Math.abs((me?.memoryBytes ?? 0) / rss - 1)).toBeLessThan(0.2);
  expect(me?.openFiles).toBeGreaterThan(3);
  for (const name of ["gone", "none"])
    expect(found.get(name)).toMatchObject({ cpuUsec: null, memoryBytes: null, memorySource: null, tasks: null, openFiles: null });
});

test("the CPU time of a child that has ended is included in that of the process that has waited for it", async () => {
  const script = "(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); echo ended; exec sleep 1000";
  const parent = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await parent.stdout.getReader().read();
    expect(usecOfPids([parent.pid])).toBeGreaterThan(50_000);
  } finally {
    parent.kill("SIGKILL");
    await parent.exited;
  }
});
