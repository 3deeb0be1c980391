// The spec that start makes for a known service: its runtime, and whether the service belongs to the project.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Deps } from "../../src/lifecycle/deps.ts";
import { specOf } from "../../src/lifecycle/specify.ts";
import { runtimeFolder, runtimeVersion } from "../../src/runtime/pin.ts";
import { builtIn } from "../../src/service/defaults.ts";
import type { StartInput } from "../../src/service/input.ts";
import type { Spec } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

const home = tempDir();
afterAll(() => rmSync(home, { recursive: true }));
const share = join(home, "share");
const project = join(home, "shop");
const entry = join(project, "app.ts");
for (const folder of ["shop/api", "shop/web", "other"]) mkdirSync(join(home, folder), { recursive: true });
for (const file of ["shop/bs9.toml", "shop/app.ts", "other/bs9.toml", "other/app.ts"]) writeFileSync(join(home, file), "");

const made = (input: Partial<StartInput>, known: Partial<Spec>, word = entry): Promise<Spec> => {
  const there = specNamed("web", { entry: { kind: "script", path: entry }, root: project, cwd: project, ...known });
  const registry = { get: (name: string) => (name === "web" ? there : null), names: () => ["web"] };
  const deps = { registry, cwd: "/", home, share, path: "", defaults: builtIn } as unknown as Deps;
  return specOf(word, { name: "web", env: {}, envRemoved: [], reset: true, ...input }, deps).then(({ spec }) => spec);
};

test("a service keeps its pinned runtime while it exists, even when a file of services defines the service again", async () => {
  mkdirSync(runtimeFolder(share, "1.0.0-old"), { recursive: true });
  const fileFolder = project;
  expect((await made({ fileFolder }, { runtime: { kind: "bs9", version: "1.0.0-old" } })).runtime).toEqual({
    kind: "bs9",
    version: "1.0.0-old",
  });
  const gone = await made({ fileFolder }, { runtime: { kind: "bs9", version: "1.0.0-gone" } });
  expect(gone.runtime).toEqual({ kind: "bs9", version: runtimeVersion });
});

test("a file of services can change the working directory of its own service, but not take over a service of another project", async () => {
  const api = join(project, "api");
  const web = join(project, "web");
  expect((await made({ fileFolder: project, cwd: web }, { root: api, cwd: api })).cwd).toBe(web);
  expect((await made({ fileFolder: project, cwd: "/" }, {})).cwd).toBe("/");
  expect((await made({ fileFolder: project }, { root: "/", cwd: "/" })).cwd).toBe(project);
  const other = join(home, "other");
  const asked = made({ fileFolder: other }, {}, join(other, "app.ts"));
  await expect(asked).rejects.toThrow("the service web belongs to another project");
  const inHome = { entry: { kind: "executable", path: "/bin/sleep" }, root: home, cwd: home } as const;
  await expect(made({ fileFolder: other }, inHome, join(other, "app.ts"))).rejects.toThrow("belongs to another project");
});
