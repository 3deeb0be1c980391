// What of a home the sandbox of a service opens: its project, its programs, and the packages that links lead to.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openingOf } from "../../src/backend/opening.ts";
import { commandOf } from "../../src/runtime/command.ts";
import { builtIn } from "../../src/service/defaults.ts";
import type { StartInput } from "../../src/service/input.ts";
import { resolve } from "../../src/service/resolve.ts";
import type { Spec } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";

const home = realpathSync(tempDir());
afterAll(() => rmSync(home, { recursive: true, force: true }));
const at = (path: string) => join(home, path);
const file = (path: string, text = "") => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), 0o755);
};
const link = (path: string, target: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  symlinkSync(target, at(path));
};
const entryOf = (path: string) => ({ path: at(path), kind: path.endsWith(".js") ? ("script" as const) : ("executable" as const) });

const folders = {
  home,
  config: at(".config/bs9"),
  share: at(".local/share/bs9"),
  state: at(".local/state/bs9"),
  cache: at(".cache/bs9"),
  units: at(".config/systemd/user"),
};

function specOf(root: string, entry: string, runtime: Spec["runtime"] = { kind: "none" }, given: Partial<StartInput> = {}): Spec {
  const around = { root: at(root), cwd: at(root), path: `${at(".nvm/versions/node/v1/bin")}:${at("tools")}:/usr/bin:/bin`, runtime };
  const input = { env: {}, envRemoved: [], reset: false, name: "web", ...given };
  return resolve(input, { ...entryOf(entry), onPath: false }, null, around, builtIn);
}

/** The paths that are opened beside the project root, below home. */
function opened(root: string, entry: string, runtime: Spec["runtime"] = { kind: "none" }): string[] {
  const spec = specOf(root, entry, runtime);
  const { writable, optional } = openingOf(spec, commandOf(spec, at(".local/share/bs9")), folders);
  expect(writable).toEqual([at(root)]);
  return optional.map((path) => path.replace(`${home}/`, "")).sort();
}

test("a project alone opens nothing else", () => {
  file("alone/app.js");
  file("alone/node_modules/left/index.js");
  expect(opened("alone", "alone/app.js")).toEqual([]);
});

test("node_modules above, and workspaces linked in them", () => {
  file("mono/apps/api/app.js");
  file("mono/packages/greeting/package.json", "{}");
  link("mono/node_modules/greeting", "../packages/greeting");
  expect(opened("mono/apps/api", "mono/apps/api/app.js")).toEqual(["mono/node_modules", "mono/packages/greeting"]);
});

test("a store of links is opened once, as a whole", () => {
  file("store/apps/api/app.js");
  file("store/node_modules/.store/a@1/node_modules/a/package.json", "{}");
  file("store/node_modules/.store/b@1/node_modules/b/package.json", "{}");
  link("store/node_modules/.store/a@1/node_modules/b", "../../b@1/node_modules/b");
  link("store/apps/api/node_modules/a", "../../../node_modules/.store/a@1/node_modules/a");
  expect(opened("store/apps/api", "store/apps/api/app.js")).toEqual(["store/node_modules"]);
});

test("a link to a link among the global packages, as bun link makes it", () => {
  file("linked/app.js");
  file("shelf/greeting/package.json", "{}");
  link(".bun/install/global/node_modules/greeting", at("shelf/greeting"));
  link("linked/node_modules/greeting", at(".bun/install/global/node_modules/greeting"));
  expect(opened("linked", "linked/app.js")).toEqual([".bun/install/global/node_modules", "shelf/greeting"]);
});

test("a link to a link elsewhere opens that place alone", () => {
  file("hopping/app.js");
  file("libs/greeting-1/package.json", "{}");
  link("libs/greeting", "greeting-1");
  link("hopping/node_modules/greeting", at("libs/greeting"));
  expect(opened("hopping", "hopping/app.js")).toEqual(["libs/greeting", "libs/greeting-1"]);
});

test("a link that the app could have made itself, to what is no package, opens nothing", () => {
  file("greedy/app.js");
  file(".ssh/id", "secret");
  link("greedy/node_modules/evil", at(".ssh"));
  expect(opened("greedy", "greedy/app.js")).toEqual([]);
});

test("a virtual environment outside of the project, with the Python of the system", () => {
  file("venvs/web/pyvenv.cfg");
  file("venvs/web/lib/site.py");
  link("venvs/web/bin/python", "/bin/sh");
  file("snake/app.py");
  expect(opened("snake", "venvs/web/bin/python")).toEqual(["venvs/web"]);
});

test("a Node script that is executable leads to the whole prefix of its Node", () => {
  file(".nvm/versions/node/v1/bin/node");
  file(".nvm/versions/node/v1/lib/node_modules/npm/bin/npm-cli.js");
  file("site/node_modules/.bin/vite", "#!/usr/bin/env node\n");
  expect(opened("site", "site/node_modules/.bin/vite")).toEqual([".nvm/versions/node/v1"]);
});

test("what the app puts in the place of its entry is not followed out of its project", () => {
  file("swapped/app.js");
  file("swapped/lib/app.js");
  file("secrets/app.js", "secret");
  expect(opened("swapped", "swapped/lib/app.js")).toEqual([]);
  rmSync(at("swapped/app.js"));
  link("swapped/app.js", at("secrets/app.js"));
  expect(() => opened("swapped", "swapped/app.js")).toThrow("leads out of what the service may write");
  rmSync(at("swapped/lib"), { recursive: true });
  link("swapped/lib", at("secrets"));
  expect(() => opened("swapped", "swapped/lib/app.js")).toThrow("swapped/lib leads out");
  rmSync(at("swapped/app.js"));
  link("swapped/app.js", "other.js");
  file("swapped/other.js");
  expect(opened("swapped", "swapped/app.js")).toEqual([]);
});

test("a folder that is a link and its owner's own is followed: current", () => {
  file("site1/releases/1/app.js");
  link("site1/current", "releases/1");
  const spec = specOf("site1/current", "site1/current/app.js");
  expect(openingOf(spec, commandOf(spec, folders.share), folders).writable).toEqual([at("site1/releases/1")]);
});

test("a #! line that the app can write leads to what is on its PATH, and nowhere else", () => {
  file(".ssh/key", "secret");
  file("tools/run");
  for (const [words, wanted] of [
    [`#!${at("tools/run")}`, ["tools/run"]],
    ["#!/usr/bin/env run", ["tools/run"]],
    ["#!/bin/sh", []],
    [`#!/usr/bin/env ${at(".ssh/key")}`, []],
  ] as const) {
    file("scripted/start", `${words}\n`);
    expect(opened("scripted", "scripted/start")).toEqual([...wanted]);
  }
  file("scripted/start", `#!${at(".ssh/key")}\n`);
  expect(() => opened("scripted", "scripted/start")).toThrow("the service could have written so");
});

test("node_modules that the app has made a link of", () => {
  file("turned/app.js");
  file("private/diary");
  link("turned/node_modules", at("private"));
  expect(opened("turned", "turned/app.js")).toEqual([]);
  file("shared/node_modules/left/index.js");
  rmSync(at("turned/node_modules"));
  link("turned/node_modules", at("shared/node_modules"));
  expect(opened("turned", "turned/app.js")).toEqual(["shared/node_modules"]);
  rmSync(at("turned/node_modules"));
  file("turned/node_modules", "no folder");
  expect(opened("turned", "turned/app.js")).toEqual([]);
});

test("a project with bs9's own files in it is not opened whole; what the user opens of that kind is told", () => {
  file(".config/app.js");
  file(".config/bs9/services/web.json");
  file("plain/app.js");
  const within = (root: string, entry: string, given: Partial<StartInput> = {}) => {
    const spec = specOf(root, entry, { kind: "none" }, given);
    return openingOf(spec, commandOf(spec, folders.share), folders);
  };
  expect(within(".config", ".config/app.js")).toMatchObject({ narrowed: "bs9", writable: [] });
  expect(within("plain", "plain/app.js")).toMatchObject({ narrowed: null, exposed: [] });
  for (const path of [".config", ".config/bs9", ".config/bs9/services"])
    expect(within("plain", "plain/app.js", { writable: [at(path)] }).exposed).toEqual([at(path)]);
  expect(within("plain", "plain/app.js", { readable: [at(".config")] }).exposed).toEqual([at(".config")]);
});

test("links to hundreds of places are no hundreds of mounts", () => {
  file("many/app.js");
  for (let i = 0; i < 260; i++) {
    file(`lots/p${i}/package.json`, "{}");
    link(`many/node_modules/p${i}`, at(`lots/p${i}`));
  }
  expect(() => opened("many", "many/app.js")).toThrow("260 places");
});
