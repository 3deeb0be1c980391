// The remembered version of a Node, with the Node of this machine.
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeVersion } from "../../src/lifecycle/node-version.ts";
import { run, succeed, tempDir } from "../harness.ts";

const home = tempDir();
afterAll(() => rmSync(home, { recursive: true }));
const cache = join(home, "cache");
const file = join(cache, "node.json");
const path = process.env["PATH"] ?? "";

test("the version of a Node is remembered until its file changes", async () => {
  const { stdout } = succeed(await run(["node", "-p", "process.execPath + ' ' + process.version"]), "node");
  const [real = "", version = ""] = stdout.trim().split(" ");
  const program = join(home, "node");
  copyFileSync(real, program);
  expect(await nodeVersion(program, path, cache)).toBe(version);
  writeFileSync(file, readFileSync(file, "utf8").replace(version, "v99.0.0"));
  expect(await nodeVersion(program, path, cache)).toBe("v99.0.0");
  utimesSync(program, 1, 1);
  expect(await nodeVersion(program, path, cache)).toBe(version);
  writeFileSync(file, "{");
  expect(await nodeVersion(program, path, cache)).toBe(version);
});

test("a program that may choose between several versions of Node is asked each time", async () => {
  const shim = join(home, "shim");
  const program = join(home, "by-manager");
  symlinkSync("shim", program);
  for (const version of ["v20.1.0", "v22.1.0"]) {
    writeFileSync(shim, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    expect(await nodeVersion(program, path, cache)).toBe(version);
  }
  expect(readFileSync(file, "utf8")).not.toContain("by-manager");
});
