// How the preload gets into a service, for each runtime and each kind of program.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { injectFor, takesPreload } from "../../src/injectors/decide.ts";
import { injectionOf, preloadFile } from "../../src/injectors/injection.ts";
import type { Spec } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

const none = { kind: "none" } as const;
const node = { kind: "node", path: "/usr/bin/node" } as const;
const bs9 = { kind: "bs9", version: "1" } as const;
const version = "1.0.0-abc";

const cases: [runtime: Spec["runtime"], entry: string, head: string | null, node: string | null, by: string][] = [
  [bs9, "/p/app.ts", null, null, "preload"],
  [{ kind: "bun", path: "/opt/bun" }, "/p/app.ts", null, null, "preload"],
  [node, "/p/app.mjs", null, "v20.20.2", "require"],
  [node, "/p/app.mjs", null, "v16.20.2", "none node"],
  [node, "/p/app.mjs", null, null, "none node"],
  [none, "/usr/bin/npm", "\x7fELF", "v22.1.0", "NODE_OPTIONS"],
  [none, "/usr/bin/npm", null, "v16.20.2", "none node"],
  [none, "/bin/sh", "\x7fELF\0", "v22.1.0", "NODE_OPTIONS"],
  [none, "/p/start", "#!/usr/bin/env node\n", "v22.1.0", "NODE_OPTIONS"],
  [none, "/p/start", "#!/usr/bin/env -S node --no-warnings\n", "v22.1.0", "NODE_OPTIONS"],
  [none, "/p/start", "#! /bin/bash -e\nexec node x", "v22.1.0", "NODE_OPTIONS"],
  [none, "/p/start", "exec node x\n", "v22.1.0", "NODE_OPTIONS"],
  [none, "/p/start", "#!/usr/bin/python3\n", "v22.1.0", "none program"],
  [none, "/p/start", "#!/usr/bin/env\n", "v22.1.0", "none program"],
  [none, "/p/server", "\x7fELF\x02\0", "v22.1.0", "none program"],
  [none, "/p/server", null, "v22.1.0", "none program"],
  [none, "/usr/bin/python3", "\x7fELF\0", "v22.1.0", "none program"],
];

test.each(cases)("on %j the entry %s (%j) with Node %s gets the preload by: %s", (runtime, path, head, nodeVersion, by) => {
  const entry = { kind: "executable", path } as const;
  const inject = injectFor({ entry, runtime }, { head, node: nodeVersion, version, metricsOnPort: false });
  expect(inject.by === "none" ? `none ${inject.why}` : inject.by).toBe(by);
});

const versions: [string, boolean][] = [
  ["v18.0.0", true],
  ["v17.9.1", false],
  ["v8.17.0", false],
  ["v21.0.0", true],
  ["v100.0.0", true],
  ["v16.20.2", false],
  ["20.6.0", false],
  ["v20", false],
];

test.each(versions)("Node %s gets the preload: %p", (given, takes) => {
  expect(takesPreload(given)).toBe(takes);
});

const file = "/d ir/inject/1.0.0-abc/preload.cjs";
const injected = (inject: Spec["inject"], env: Record<string, string> = {}) =>
  injectionOf(specNamed("web", { env, ...(inject === undefined ? {} : { inject }) }), "/d ir", "/run/x");

test("the words and variables of each way", () => {
  expect(injected({ by: "preload", version })).toEqual({
    flags: ["--preload", file],
    env: { BS9_INJECT_DIR: "/run/x", BS9_INJECT_STOP_MS: "5000" },
    folder: "/d ir/inject/1.0.0-abc",
    sockets: "/run/x",
  });
  expect(injected({ by: "require", version, metricsOnPort: true })).toMatchObject({
    flags: ["--require", file],
    env: { BS9_INJECT_METRICS_ON_PORT: "1" },
  });
  const options = injected({ by: "NODE_OPTIONS", version }, { NODE_OPTIONS: "--max-old-space-size=64 --require 'a b'" });
  expect(options).toMatchObject({ flags: [], env: { NODE_OPTIONS: `--max-old-space-size=64 --require 'a b' --require="${file}"` } });
  expect(injected({ by: "NODE_OPTIONS", version })?.env["NODE_OPTIONS"]).toBe(`--require="${file}"`);
});

test("a spec of an older bs9, and one with --no-inject, adds nothing", () => {
  expect(injected(undefined)).toBeNull();
  expect(injected({ by: "none", why: "option" })).toBeNull();
});

test("NODE_OPTIONS names the preload for Node, whatever characters its path has", () => {
  const share = mkdtempSync(join(tempDir(), 'a "b" \\c '));
  const injection = injectionOf(specNamed("web", { inject: { by: "NODE_OPTIONS", version } }), share, "/run/x");
  mkdirSync(injection?.folder ?? "", { recursive: true });
  writeFileSync(preloadFile(share, version), "console.log('loaded')");
  const { stdout } = Bun.spawnSync(["node", "-e", "0"], { env: { ...process.env, ...injection?.env } });
  rmSync(dirname(share), { recursive: true, force: true });
  expect(stdout.toString()).toBe("loaded\n");
});
