// The directory of a service's cache is never behind a link, which a service could have made.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, makeCache, placeOfCache, removeCache } from "../../src/backend/cache.ts";
import { tempDir } from "../harness.ts";

const state = tempDir();
afterAll(() => rmSync(state, { recursive: true, force: true }));

test("a link in place of the cache, or of the directory above it, is not followed", () => {
  expect(placeOfCache(state, "web")).toBe(cacheFolder(state, "web"));
  makeCache(state, "web");
  expect(placeOfCache(state, "web")).toBe(cacheFolder(state, "web"));
  mkdirSync(join(state, "secret/web"), { recursive: true });
  rmSync(cacheFolder(state, "web"), { recursive: true });
  symlinkSync(join(state, "secret"), cacheFolder(state, "web"));
  expect(placeOfCache(state, "web")).toBeNull();
  rmSync(join(state, "cache"), { recursive: true });
  symlinkSync(join(state, "secret"), join(state, "cache"));
  expect(placeOfCache(state, "web")).toBeNull();
  rmSync(join(state, "cache"));
});

test("the content of the cache is deleted with it, also under a name that is not UTF-8", async () => {
  makeCache(state, "web");
  const script = 'cd "$1" && mkdir -p "$(printf "\\377x")" && : >"$(printf "\\377x")/file" && chmod 0 "$(printf "\\377x")"';
  expect(Bun.spawnSync(["sh", "-c", script, "sh", cacheFolder(state, "web")]).exitCode).toBe(0);
  await removeCache(state, "web");
  expect(Bun.spawnSync(["ls", "-d", cacheFolder(state, "web")]).exitCode).not.toBe(0);
});
