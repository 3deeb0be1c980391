// Links that a service could have made itself are not followed, but those of its owner are.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { StartInput } from "../../src/service/input.ts";
import type { Spec } from "../../src/service/spec.ts";
import { projects } from "./projects.ts";

const { at, file, folders, home, link, opened, openingFor, specOf } = projects();
afterAll(() => rmSync(home, { recursive: true }));

test("a link that the app puts in place of its entry is not followed outside its project", () => {
  file("swapped/app.js");
  file("swapped/lib/app.js");
  file("secrets/app.js", "secret");
  expect(opened("swapped", "swapped/lib/app.js")).toEqual([]);
  rmSync(at("swapped/app.js"));
  link("swapped/app.js", at("secrets/app.js"));
  expect(() => opened("swapped", "swapped/app.js")).toThrow("that the service could have created; not followed");
  rmSync(at("swapped/lib"), { recursive: true });
  link("swapped/lib", at("secrets"));
  expect(() => opened("swapped", "swapped/lib/app.js")).toThrow("swapped/lib is a symbolic link");
  rmSync(at("swapped/app.js"));
  link("swapped/app.js", "other.js");
  file("swapped/other.js");
  expect(opened("swapped", "swapped/app.js")).toEqual([]);
});

test("a directory link that belongs to the owner, such as current, is followed", () => {
  file("site1/releases/1/app.js");
  link("site1/current", "releases/1");
  const spec = specOf("site1/current", "site1/current/app.js");
  expect(openingFor(spec).writable).toEqual([at("site1/releases/1")]);
});

test("if the app can change a script, its #! line opens only programs on the PATH of the service", () => {
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
  expect(() => opened("scripted", "scripted/start")).toThrow("the service could have written that line");
});

test("a symbolic link that the app could have made is refused anywhere on the path of the entry, wherever the path begins", () => {
  file("chain/app.js");
  file("diary/app.js", "secret");
  link("scripts/start.js", at("chain/app.js"));
  expect(opened("chain", "scripts/start.js")).toEqual([]);
  rmSync(at("chain/app.js"));
  link("chain/app.js", at("diary/app.js"));
  expect(() => opened("chain", "scripts/start.js")).toThrow(/chain\/app.js is a symbolic link to .*diary\/app.js/);
});

test("a runtime, or a program on PATH, that the app has replaced by a link is refused", () => {
  file("own/app.js");
  file("vault/bin/node", "#!/bin/sh\n");
  file("vault/lib/secret");
  file("own/node/bin/node", "binary");
  const runtime = { kind: "node" as const, path: at("own/node/bin/node") };
  expect(opened("own", "own/app.js", runtime)).toEqual([]);
  rmSync(at("own/node/bin/node"));
  link("own/node/bin/node", at("vault/bin/node"));
  expect(() => opened("own", "own/app.js", runtime)).toThrow("own/node/bin/node is a symbolic link");

  // The script belongs to its owner only, but the app can write the first directory on PATH.
  file("starters/start", "#!/usr/bin/env node\n");
  const spec = { ...specOf("own", "starters/start"), path: `${at("own/node/bin")}:/usr/bin` };
  expect(openingFor(spec).optional).not.toContain(at("vault"));
  const turned = { ...spec, path: `${at("trusted")}:/usr/bin` };
  link("trusted/node", at("own/node/bin/node"));
  expect(() => openingFor(turned)).toThrow("own/node/bin/node is a symbolic link");
});

test("symbolic links that the owner made keep working: the Python of an environment, programs of packages, workspaces, system commands", () => {
  file("uv/python/cpython/bin/python3.12", "binary");
  file("uv/python/cpython/lib/os.py");
  file("snake/.venv/pyvenv.cfg");
  link("snake/.venv/bin/python", at("uv/python/cpython/bin/python3.12"));
  file("snake/serve", `#!${at("snake/.venv/bin/python")}\n`);
  expect(opened("snake", "snake/.venv/bin/python")).toEqual(["uv/python/cpython"]);
  expect(opened("snake", "snake/serve")).toEqual(["uv/python/cpython"]);

  file(".nvm/versions/node/v1/bin/node");
  file(".nvm/versions/node/v1/lib/node_modules/npm/package.json", "{}");
  file("front/node_modules/vite/bin/vite.js", "#!/usr/bin/env node\n");
  link("front/node_modules/.bin/vite", "../vite/bin/vite.js");
  expect(opened("front", "front/node_modules/.bin/vite")).toEqual([".nvm/versions/node/v1"]);

  file("mono/node_modules/.bun/vite@1/node_modules/vite/package.json", "{}");
  file("mono/node_modules/.bun/vite@1/node_modules/vite/bin/vite.js", "#!/usr/bin/env node\n");
  link("mono/packages/web/node_modules/vite", at("mono/node_modules/.bun/vite@1/node_modules/vite"));
  link("mono/packages/web/node_modules/.bin/vite", "../vite/bin/vite.js");
  expect(opened("mono/packages/web", "mono/packages/web/node_modules/.bin/vite")).toContain("mono/node_modules");

  link("front/sh", "/bin/sh");
  expect(opened("front", "front/sh")).toEqual([]);
  const spec: Spec = { ...specOf("front", "front/sh"), entry: { kind: "executable", path: "/bin/sh" } };
  expect(openingFor(spec).optional).toEqual([]);
});

test("for a service without a sandbox no symbolic link is refused, because following it gives no additional access", () => {
  file("free/real/app.js");
  link("free/project/app.js", at("free/real/app.js"));
  expect(() => opened("free/project", "free/project/app.js")).toThrow("is a symbolic link to");
  const spec = specOf("free/project", "free/project/app.js", { kind: "none" }, { sandbox: "off" });
  expect(openingFor(spec).narrowed).toBeNull();
  const strict = specOf("free/project", "free/project/app.js", { kind: "none" }, { sandbox: "strict" });
  expect(openingFor(strict).optional).toEqual([at("free/real/app.js")]);
});

test("a working directory or opened directory that the app has replaced by a link is not followed", () => {
  file("shop/app.js");
  file("shop/data/uploads/one");
  file("drawer/uploads/secret");
  const given = (input: Partial<StartInput>, cwd = "shop") => {
    const spec = { ...specOf("shop", "shop/app.js", { kind: "none" }, input), cwd: at(cwd) };
    return openingFor(spec);
  };
  const below = { writable: [at("shop/data/uploads")] };
  // The directory gets no mount, because systemd would follow a link in its place at an automatic restart.
  expect(given(below).writable).toEqual([at("shop")]);
  rmSync(at("shop/data"), { recursive: true });
  link("shop/data", at("drawer"));
  expect(() => given(below)).toThrow(/shop\/data is a symbolic link to .*drawer\/uploads/);
  expect(() => given({ readable: [at("shop/data/uploads")] })).toThrow("shop/data is a symbolic link");
  expect(() => given({}, "shop/data")).toThrow("shop/data is a symbolic link");
  // A symbolic link that the owner has made himself, beside the project.
  link("beside", at("drawer"));
  expect(given({ writable: [at("beside")] }).writable).toEqual([at("shop"), at("drawer")]);
});

test("a symbolic link that another service could have made is not followed outside of the directories that this other service can write", () => {
  file("mono/public/index.html");
  file("mono/server/app.js");
  file("keys/id", "secret");
  const neighbours = [{ name: "shop", folder: at("mono") }];
  const given =
    (root: string, more: Partial<StartInput> = {}) =>
    () =>
      openingFor(specOf(root, "outside/app.js", { kind: "none" }, more), folders, neighbours);
  file("outside/app.js");
  expect(given("mono/public")().writable).toEqual([at("mono/public")]);
  rmSync(at("mono/public"), { recursive: true });
  link("mono/public", at("keys"));
  const why = "mono/public is a symbolic link to ";
  for (const refused of [
    given("mono/public"),
    given("outside", { writable: [at("mono/public")] }),
    given("outside", { readable: [at("mono/public")] }),
  ])
    expect(refused).toThrow(`${why}${at("keys")} that the service shop could have created; not followed`);
  rmSync(at("mono/public"));
  link("mono/public", "server");
  // The target of the link is in a directory that the other service can write anyway, so that service gains no access.
  expect(given("mono/public")().writable).toEqual([at("mono/server")]);
});
