// Which paths of a home directory the sandbox of a service opens: its project, its programs, and the packages that links lead
// to.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { openingOf } from "../../src/backend/opening.ts";
import { commandOf } from "../../src/runtime/command.ts";
import type { StartInput } from "../../src/service/input.ts";
import { projects } from "./projects.ts";

const { at, file, folders, home, link, opened, openingFor, specOf } = projects();
afterAll(() => rmSync(home, { recursive: true }));

test("for a project without symbolic links the sandbox opens only the project", () => {
  file("alone/app.js");
  file("alone/node_modules/left/index.js");
  expect(opened("alone", "alone/app.js")).toEqual([]);
});

test("the sandbox opens node_modules of parent directories, and linked workspaces", () => {
  file("mono/apps/api/app.js");
  file("mono/packages/greeting/package.json", "{}");
  link("mono/node_modules/greeting", "../packages/greeting");
  expect(opened("mono/apps/api", "mono/apps/api/app.js")).toEqual(["mono/node_modules", "mono/packages/greeting"]);
});

test("the sandbox opens a store of linked packages once, as a whole", () => {
  file("store/apps/api/app.js");
  file("store/node_modules/.store/a@1/node_modules/a/package.json", "{}");
  file("store/node_modules/.store/b@1/node_modules/b/package.json", "{}");
  link("store/node_modules/.store/a@1/node_modules/b", "../../b@1/node_modules/b");
  link("store/apps/api/node_modules/a", "../../../node_modules/.store/a@1/node_modules/a");
  expect(opened("store/apps/api", "store/apps/api/app.js")).toEqual(["store/node_modules"]);
});

test("the sandbox opens the target of a link to a link among the global packages, as bun link makes it", () => {
  file("linked/app.js");
  file("shelf/greeting/package.json", "{}");
  link(".bun/install/global/node_modules/greeting", at("shelf/greeting"));
  link("linked/node_modules/greeting", at(".bun/install/global/node_modules/greeting"));
  expect(opened("linked", "linked/app.js")).toEqual([".bun/install/global/node_modules", "shelf/greeting"]);
});

test("for a link to a link outside of the global packages the sandbox opens only the final target", () => {
  file("hopping/app.js");
  file("libs/greeting-1/package.json", "{}");
  link("libs/greeting", "greeting-1");
  link("hopping/node_modules/greeting", at("libs/greeting"));
  expect(opened("hopping", "hopping/app.js")).toEqual(["libs/greeting", "libs/greeting-1"]);
});

test("the sandbox does not open the target of a link that the app could have made, if it is not a package", () => {
  file("greedy/app.js");
  file(".ssh/id", "secret");
  link("greedy/node_modules/evil", at(".ssh"));
  expect(opened("greedy", "greedy/app.js")).toEqual([]);
});

test("a virtual environment outside the project, with the Python of the system, is opened", () => {
  file("venvs/web/pyvenv.cfg");
  file("venvs/web/lib/site.py");
  link("venvs/web/bin/python", "/bin/sh");
  file("snake/app.py");
  expect(opened("snake", "venvs/web/bin/python")).toEqual(["venvs/web"]);
});

test("for an executable Node script the sandbox opens the whole prefix of its Node", () => {
  file(".nvm/versions/node/v1/bin/node");
  file(".nvm/versions/node/v1/lib/node_modules/npm/bin/npm-cli.js");
  file("site/node_modules/.bin/vite", "#!/usr/bin/env node\n");
  expect(opened("site", "site/node_modules/.bin/vite")).toEqual([".nvm/versions/node/v1"]);
});

test("for a script directly in the home directory the sandbox opens the files that it imports, but not what a file imports that the app can write", () => {
  file("start.js", 'import "./lib/one.js"; import "./notes/two.js";');
  file("lib/one.js");
  file("notes/two.js", `import ${JSON.stringify(at("journal/secret.js"))};`);
  file("journal/secret.js");
  const spec = specOf(".", "start.js", { kind: "none" }, { writable: [at("notes")] });
  const all = { ...spec, entry: { kind: "script" as const, path: at("start.js") } };
  expect(openingFor(all)).toMatchObject({
    narrowed: "home",
    optional: [at("start.js"), at("lib/one.js")],
  });
  const readable = specOf(".", "start.js");
  expect(openingFor(readable).optional).toContain(at("journal/secret.js"));
});

test("a node_modules that is a symbolic link to itself is ignored", () => {
  file("circle/app.js");
  link("circle/node_modules", "node_modules");
  expect(opened("circle", "circle/app.js")).toEqual([]);
});

test("files of bs9 are recognized behind links", () => {
  file("dotfiles/config/bs9/services/web.json");
  file("dotfiles/app.js");
  link("linked/.config", at("dotfiles/config"));
  const spec = specOf("dotfiles", "dotfiles/app.js");
  const own = { ...folders, config: at("linked/.config/bs9"), units: at("linked/.config/systemd/user") };
  expect(openingFor(spec).narrowed).toBeNull();
  expect(openingFor(spec, own).narrowed).toBe("bs9");
});

test("node_modules that the app has replaced by a link is not followed", () => {
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

test("a project that contains files of bs9 is not opened as a whole, and such paths that the user opens are reported", () => {
  file(".config/app.js");
  file(".config/bs9/services/web.json");
  file("plain/app.js");
  const within = (root: string, entry: string, given: Partial<StartInput> = {}) => {
    const spec = specOf(root, entry, { kind: "none" }, given);
    return openingFor(spec);
  };
  expect(within(".config", ".config/app.js")).toMatchObject({ narrowed: "bs9", writable: [] });
  expect(within("plain", "plain/app.js")).toMatchObject({ narrowed: null, exposed: [] });
  for (const path of [".config", ".config/bs9", ".config/bs9/services"])
    expect(within("plain", "plain/app.js", { writable: [at(path)] }).exposed).toEqual([at(path)]);
  expect(within("plain", "plain/app.js", { readable: [at(".config")] }).exposed).toEqual([at(".config")]);
});

test("links to hundreds of paths do not become hundreds of mounts", () => {
  file("many/app.js");
  for (let i = 0; i < 260; i++) {
    file(`lots/p${i}/package.json`, "{}");
    link(`many/node_modules/p${i}`, at(`lots/p${i}`));
  }
  expect(() => opened("many", "many/app.js")).toThrow("260 paths");
});

test("the directory of a preload that is not written yet is opened, so that a plan can be shown", () => {
  file("plan/app.js");
  const spec = specOf("plan", "plan/app.js");
  const folder = at(".local/share/bs9/inject/2");
  const { optional } = openingOf(spec, commandOf(spec, folders.share), folders, [], { folder, sockets: "/run/x" });
  expect(optional).toEqual([folder]);
});
