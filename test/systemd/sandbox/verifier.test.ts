// A verdict is kept for exactly one process, of this boot, and of a service that still exists.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reading } from "../../../src/backend/backend.ts";
import { Neighbours } from "../../../src/backend/neighbours.ts";
import { label, profileDirectives, wishedDirectives } from "../../../src/backend/sandbox.ts";
import { pathsOf } from "../../../src/base/paths.ts";
import { bootId, readProc, startTimeOf, statusField } from "../../../src/base/proc.ts";
import { builtIn } from "../../../src/service/defaults.ts";
import { resolve } from "../../../src/service/resolve.ts";
import type { SandboxProfile } from "../../../src/service/spec.ts";
import type { Connection } from "../../../src/systemd/bus/connection.ts";
import type { UserManager } from "../../../src/systemd/bus/reach.ts";
import type { UnitReader } from "../../../src/systemd/bus/relay.ts";
import { Systemctl } from "../../../src/systemd/bus/systemctl.ts";
import { closedStamp } from "../../../src/systemd/sandbox/closed.ts";
import { hostKey, writeCached } from "../../../src/systemd/sandbox/host-cache.ts";
import { HostProfiles } from "../../../src/systemd/sandbox/host-profiles.ts";
import { Verifier } from "../../../src/systemd/sandbox/verifier.ts";
import { tempDir, until } from "../../harness.ts";

const folder = tempDir();
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  rmSync(folder, { recursive: true });
});
const paths = pathsOf({ ...process.env, BS9_HOME: join(folder, "bs9") });
const file = join(paths.cache, "sandbox.json");
const entry = join(folder, "app.js");
writeFileSync(entry, "");
mkdirSync(paths.cache, { recursive: true });

const around = { root: folder, cwd: folder, path: "/usr/bin", runtime: { kind: "none" as const } };
const input = { env: {}, envRemoved: [], reset: false, name: "web", sandbox: "off" as const };
const spec = resolve(input, { path: entry, kind: "script", onPath: false }, null, around, builtIn);
const reading = { name: "web", mainPid: process.pid } as Reading;
const reach = { uid: process.getuid?.() ?? 0, user: "ops", runtimeDir: folder, env: process.env };
/** A user manager that has loaded each unit from no file. */
const bus: UnitReader = {
  listByNames: async (units) =>
    units.map((unit) => ({ unit, load: "loaded", active: "active", sub: "running", path: "/unit", hasJob: false })),
  property: async (_path, _kind, name) => (name === "NeedDaemonReload" ? false : null),
  ping: async () => {},
  close() {},
};
const connection: Pick<Connection, "read"> = { read: async (work) => ({ value: await work(bus) }) };
const depsIn = (env: UserManager["env"]) => {
  const within = { ...reach, env };
  return { paths, reach: within, systemctl: new Systemctl(within), runtime: process.execPath };
};
const hostsIn = (env: UserManager["env"]) => new HostProfiles(depsIn(env));
const verifier = () => {
  const { systemctl } = depsIn(process.env);
  return new Verifier({ hosts: hostsIn(process.env), neighbours: new Neighbours(paths), connection, systemctl, reach, paths });
};
const keyOf = (profile: SandboxProfile) =>
  hostKey([...profileDirectives(profile), ...wishedDirectives(profile)].map(label), depsIn(process.env));

/** A verdict that verifying a process without a sandbox would never give. */
const told = { verdict: "effective", verified: ["UMask"], probed: [], missing: [] };
const kept = (boot: string) => ({ boot, pid: process.pid, startTime: startTimeOf(process.pid), closed: closedStamp(), verdict: told });
const write = (found: object) => writeFileSync(file, JSON.stringify(found));

test("a process of another boot with the same pid and start time counts as another process", async () => {
  write({ web: kept(bootId()) });
  expect((await verifier().verify(spec, reading)).verdict).toBe("effective");
  write({ web: kept("00000000-0000-0000-0000-000000000000") });
  expect((await verifier().verify(spec, reading)).verdict).toBe("off");
});

test("a cached verdict of an older bs9 is kept, and only the isolation that it lacks is added", async () => {
  write({ web: kept(bootId()) });
  const { isolation, ...verdict } = await verifier().verify(spec, reading);
  expect(verdict).toMatchObject(told);
  expect(isolation?.verdict).toBe("partial");
});

test("a process is verified again after a path that is closed to it was created or removed", async () => {
  write({ web: { ...kept(bootId()), closed: "as it was before" } });
  expect((await verifier().verify(spec, reading)).verdict).toBe("off");
});

test("a verdict on the same process does not hold for a spec with another sandbox", async () => {
  write({});
  const one = verifier();
  expect((await one.verify(spec, reading)).verdict).toBe("off");
  one.keep();
  const found = JSON.parse(readFileSync(file, "utf8"));
  write({ web: { ...found.web, verdict: told } });
  expect((await verifier().verify(spec, reading)).verdict).toBe("effective");
  const changed = { ...spec, sandbox: { ...spec.sandbox, writable: [folder] } };
  expect((await verifier().verify(changed, reading)).verdict).toBe("off");
});

test("the cache drops verdicts on the sandbox of ended processes, because a long-lived agent is not told about deleted services", async () => {
  const child = Bun.spawn(["sleep", "1000"]);
  const ended = { ...kept(bootId()), pid: child.pid, startTime: startTimeOf(child.pid) };
  const reused = { ...kept(bootId()), startTime: "1" };
  const before = { ...kept("00000000-0000-0000-0000-000000000000") };
  child.kill("SIGKILL");
  await child.exited;
  write({ ended, reused, before, other: kept(bootId()) });
  const one = verifier();
  await one.verify(spec, reading);
  one.keep();
  expect(Object.keys(JSON.parse(readFileSync(file, "utf8"))).sort()).toEqual(["other", "web"]);
});

test("a check of a sandbox that gave no result is not cached, because the next check may succeed", async () => {
  write({});
  // A child that has ended and is not reaped: /proc shows its start time, but nothing else.
  const parent = Bun.spawn(["sh", "-c", "true & exec sleep 1000"], { stdio: ["ignore", "ignore", "ignore"] });
  children.push(parent);
  const zombie = await until(
    () => {
      const pid = Number(readProc(`${parent.pid}/task/${parent.pid}/children`));
      return statusField(readProc(`${pid}/status`) ?? "", "State")?.startsWith("Z") && pid;
    },
    { what: "a zombie" },
  );
  writeCached(paths.cache, "standard", keyOf("standard"), { directives: [], withheld: [], probed: [], filters: 0 });
  const one = verifier();
  const standard = { ...spec, sandbox: { ...spec.sandbox, profile: "standard" as const } };
  expect((await one.verify(standard, { ...reading, mainPid: Number(zombie) })).verdict).toBe("unknown");
  one.forget([]);
  one.keep();
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({});
});

test("a failed probe of the host is repeated, but a successful one is not", async () => {
  rmSync(join(paths.cache, "host.json"), { force: true });
  const bin = join(folder, "bin");
  const calls = join(folder, "calls");
  mkdirSync(bin);
  writeFileSync(join(bin, "systemctl"), `#!/bin/sh\necho "$*" >>${calls}\necho Failed to connect to bus >&2\nexit 1\n`, { mode: 0o755 });
  const one = hostsIn({ ...process.env, PATH: `${bin}:${process.env["PATH"]}` });
  const tried = () => readFileSync(calls, "utf8").match(/ start /g)?.length;
  for (const times of [1, 2]) {
    await expect(one.of("standard")).rejects.toThrow("cannot be reached");
    expect(tried()).toBe(times);
  }
  const host = { directives: [], withheld: [], probed: ["told"], filters: 0 };
  writeCached(paths.cache, "standard", keyOf("standard"), host);
  expect(await one.of("standard")).toEqual(host);
  rmSync(join(paths.cache, "host.json"));
  expect(await one.of("standard")).toEqual(host);
  expect(tried()).toBe(2);
});

test("verdicts of deleted services are dropped, and an invalid or old file counts as empty", async () => {
  write({ web: kept(bootId()), gone: kept(bootId()) });
  const one = verifier();
  one.forget(["gone"]);
  one.keep();
  expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["web"]);
  const { boot: _, ...before } = kept(bootId());
  write({ web: before });
  expect((await verifier().verify(spec, reading)).verdict).toBe("off");
});
