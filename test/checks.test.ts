// The checks of the tools as tests: types, lint and format, dead code.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "./harness.ts";

const withBun = join(import.meta.dir, "with-bun.sh");

test.each([
  ["types", ["check", "--no-script", "--no-pretty"]],
  ["types of the page", ["check", "--no-script", "--no-pretty", "-p", "src/web/page"]],
  ["lint and format", ["run", "biome", "check", "--error-on-warnings", "--colors=off", "."]],
  ["dead code", ["run", "knip", "--no-progress"]],
])("%s", async (_, argv) => {
  const { code, stdout, stderr } = await run(["sh", withBun, ...argv]);
  expect(code === 0 ? "" : stdout + stderr).toBe("");
});
