// What was found of a process is kept for this very process: of this boot, and of a service that is still there.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reading } from "../../src/backend/backend.ts";
import { pathsOf } from "../../src/base/paths.ts";
import { bootId, startTimeOf } from "../../src/base/proc.ts";
import { builtIn } from "../../src/service/defaults.ts";
import { resolve } from "../../src/service/resolve.ts";
import { Systemctl } from "../../src/systemd/systemctl.ts";
import { Verifier } from "../../src/systemd/verifier.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));
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
const loaded = async () => ({ load: "loaded", fragment: "", mustReload: false, dropIns: [] });
const verifier = () => new Verifier({ paths, reach, systemctl: new Systemctl(reach), runtime: process.execPath, loaded });

/** As no look at a process without a sandbox would find it. */
const told = { verdict: "effective", verified: ["UMask"], probed: [], missing: [] };
const kept = (boot: string) => ({ boot, pid: process.pid, startTime: startTimeOf(process.pid), verdict: told });
const write = (found: object) => writeFileSync(file, JSON.stringify(found));

test("a process of another boot with the same pid and start time is another one", async () => {
  write({ web: kept(bootId()) });
  expect((await verifier().verify(spec, reading)).verdict).toBe("effective");
  write({ web: kept("00000000-0000-0000-0000-000000000000") });
  expect((await verifier().verify(spec, reading)).verdict).toBe("off");
});

test("of a service that is no more, nothing is kept; one that is broken or of before counts as none", async () => {
  write({ web: kept(bootId()), gone: kept(bootId()) });
  const one = verifier();
  one.forget(["gone"]);
  one.keep();
  expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["web"]);
  const { boot: _, ...before } = kept(bootId());
  write({ web: before });
  expect((await verifier().verify(spec, reading)).verdict).toBe("off");
});
