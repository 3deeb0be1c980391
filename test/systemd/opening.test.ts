// What of a home the sandbox of a service opens: its project, its programs, and the packages that links lead to.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandOf } from "../../src/runtime/command.ts";
import { builtIn } from "../../src/service/defaults.ts";
import { resolve } from "../../src/service/resolve.ts";
import type { Spec } from "../../src/service/spec.ts";
import { openingOf } from "../../src/systemd/opening.ts";
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

/** The paths that are opened beside the project root, below home. */
function opened(root: string, entry: string, runtime: Spec["runtime"] = { kind: "none" }): string[] {
  const around = { root: at(root), cwd: at(root), path: `${at(".nvm/versions/node/v1/bin")}:/usr/bin:/bin`, runtime };
  const spec = resolve({ env: {}, envRemoved: [], reset: false, name: "web" }, { ...entryOf(entry), onPath: false }, null, around, builtIn);
  const { writable, optional } = openingOf(spec, commandOf(spec, at(".local/share/bs9")), { home, share: at(".local/share/bs9") });
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
