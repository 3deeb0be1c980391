// What a restart does to the preload of a service, with real programs as Node.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { preloadFile } from "../../src/injectors/injection.ts";
import { unusedPreloads, writePreload } from "../../src/injectors/written.ts";
import { keepPreload, lacksPreload, sentenceOnInject, withPresentPreload } from "../../src/lifecycle/injected.ts";
import { runtimeVersion } from "../../src/runtime/pin.ts";
import { builtIn } from "../../src/service/defaults.ts";
import { Registry } from "../../src/service/registry.ts";
import type { Spec } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

const home = tempDir();
afterAll(() => rmSync(home, { recursive: true }));
const share = join(home, "share");
const registry = new Registry({ config: join(home, "config"), state: join(home, "state") });
const ground = { registry, defaults: builtIn, share, cache: join(home, "cache"), home };
const root = join(home, "web");
beforeEach(() => rmSync(share, { recursive: true, force: true }));

const spec = (more: Partial<Spec>): Spec =>
  specNamed("web", { root, cwd: root, entry: { kind: "script", path: join(root, "app.ts") }, ...more });
const onBs9 = (inject?: Spec["inject"]) => spec({ runtime: { kind: "bs9", version: "1" }, ...(inject === undefined ? {} : { inject }) });

/** A program that answers `--version` as this Node would. */
function nodeIn(folder: string, version: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "node");
  writeFileSync(file, `#!/bin/sh\necho "${version}"\necho ran >>"${home}/ran"\n`);
  chmodSync(file, 0o755);
  return folder;
}

test("the spec of an older bs9 gets the preload, --no-inject stays, and the user is told once", async () => {
  const known = onBs9();
  const next = await withPresentPreload(known, ground);
  expect(next.inject).toEqual({ by: "preload", version: runtimeVersion });
  expect(sentenceOnInject(known, next)).toContain("bs9 start web --no-inject");
  keepPreload(next, share);
  expect(lacksPreload(next, share)).toBe(false);
  expect(await withPresentPreload(next, ground)).toBe(next);
  expect(sentenceOnInject(next, next)).toBeNull();
  const without = onBs9({ by: "none", why: "option" });
  expect(await withPresentPreload(without, ground)).toBe(without);
});

test("a preload of another version with the same text stays, one with another text or without a file is replaced", async () => {
  const known = onBs9({ by: "preload", version: "0.9.0-same" });
  writePreload(share, "0.9.0-same");
  expect(await withPresentPreload(known, ground)).toBe(known);
  writeFileSync(preloadFile(share, "0.9.0-same"), "// another\n");
  const next = await withPresentPreload(known, ground);
  expect(next.inject).toEqual({ by: "preload", version: runtimeVersion });
  expect(sentenceOnInject(known, next)).toContain("of this bs9");
  rmSync(preloadFile(share, "0.9.0-same"));
  expect(lacksPreload(known, share)).toBe(true);
  expect(await withPresentPreload(known, ground)).toEqual(next);
});

test("a changed setting of config.toml reaches the service with its next restart", async () => {
  const known = onBs9({ by: "preload", version: runtimeVersion });
  writePreload(share, runtimeVersion);
  const next = await withPresentPreload(known, { ...ground, defaults: { ...builtIn, metricsOnPort: true } });
  expect(next.inject).toEqual({ by: "preload", version: runtimeVersion, metricsOnPort: true });
  expect(await withPresentPreload(next, ground)).toEqual(known);
});

test("NODE_OPTIONS is given where the Node on the PATH of the service understands it", async () => {
  const npm = { kind: "executable", path: "/usr/bin/npm" } as const;
  const given = async (path: string) => (await withPresentPreload(spec({ entry: npm, path }), ground)).inject;
  expect(await given(nodeIn(join(home, "new"), "v20.10.0"))).toEqual({ by: "NODE_OPTIONS", version: runtimeVersion });
  expect(await given(nodeIn(join(home, "old"), "v16.20.2"))).toEqual({ by: "none", why: "node" });
  expect(await given(nodeIn(join(home, "odd"), "hello v20.10.0"))).toEqual({ by: "none", why: "node" });
  expect(await given(join(home, "empty"))).toEqual({ by: "none", why: "node" });
});

const without = (why: "option" | "program" | "node"): Spec => onBs9({ by: "none", why });
const sentences: [what: string, known: Spec, spec: Spec, told: string | null][] = [
  [
    "--no-inject",
    onBs9({ by: "preload", version: "1" }),
    without("option"),
    "no longer adds health endpoints, metrics and a graceful stop",
  ],
  ["another program", onBs9({ by: "preload", version: "1" }), without("program"), "to it: neither Bun nor Node runs it"],
  ["an old Node", onBs9({ by: "require", version: "1" }), without("node"), "or older than 18"],
  [
    "a port with metrics",
    onBs9({ by: "preload", version: "1" }),
    onBs9({ by: "preload", version: "1", metricsOnPort: true }),
    "its port now answers /metrics",
  ],
  [
    "a port without metrics",
    onBs9({ by: "preload", version: "1", metricsOnPort: true }),
    onBs9({ by: "preload", version: "1" }),
    "no longer answers /metrics",
  ],
  ["another reason for no preload", without("node"), without("program"), null],
  ["the spec of an older bs9 for another program", onBs9(), without("program"), null],
];

test.each(sentences)("a change of the preload is told for %s", (_, known, next, expected) => {
  if (expected === null) expect(sentenceOnInject(known, next)).toBeNull();
  else expect(sentenceOnInject(known, next)).toContain(expected);
});

test("bs9 does not execute a node that a service may have written", async () => {
  const npm = { kind: "executable", path: "/usr/bin/npm" } as const;
  const other = join(home, "other");
  mkdirSync(other, { recursive: true });
  registry.commit(
    specNamed("other", { root: join(home, "elsewhere"), sandbox: { profile: "strict", writable: [other], readable: [], required: false } }),
  );
  rmSync(join(home, "ran"), { force: true });
  for (const folder of [join(root, "bin"), join(other, "bin")]) {
    const path = nodeIn(folder, "v22.0.0");
    expect((await withPresentPreload(spec({ entry: npm, path }), ground)).inject).toEqual({ by: "none", why: "node" });
    const runtime = { kind: "node", path: join(path, "node") } as const;
    expect((await withPresentPreload(spec({ runtime }), ground)).inject).toEqual({ by: "none", why: "node" });
  }
  expect(await Bun.file(join(home, "ran")).exists()).toBe(false);
});

test("a preload is kept while a spec uses it", () => {
  for (const version of ["1.0.0-used", "1.0.0-left"]) writePreload(share, version);
  const part = join(share, "inject/1.0.0-used/.1-2.part");
  writeFileSync(part, "");
  expect(unusedPreloads(share, new Set(["1.0.0-used"])).sort()).toEqual([part, join(share, "inject/1.0.0-left")].sort());
});
