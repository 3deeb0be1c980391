// Which services get PYTHONUNBUFFERED.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { environmentOf } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

test.each([
  ["/usr/bin/python3.12", null, true],
  ["venv/bin/gunicorn", "", true],
  ["worker", "#!/usr/bin/env -S python3 -O\n", true],
  ["script", "#!/usr/bin/env -S uv run --script\n", true],
  ["server", "#!/bin/sh\n# python\n", false],
])("whether %s %j gets the variable PYTHONUNBUFFERED is correct: %j", (program, text, isPython) => {
  const folder = tempDir();
  const path = resolve(folder, program);
  mkdirSync(join(folder, "venv/bin"), { recursive: true });
  writeFileSync(join(folder, "venv/pyvenv.cfg"), "");
  if (text !== null) writeFileSync(path, text);
  expect(environmentOf(specNamed("web", { entry: { kind: "executable", path } }))["PYTHONUNBUFFERED"]).toBe(isPython ? "1" : undefined);
});
