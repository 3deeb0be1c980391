// systemd is a Backend: the suite runs inside a lab, and each of its cases is reported here.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { caseNames } from "../conformance/backend.ts";
import { type Lab, lab } from "../harness.ts";

let it: Lab;
let said = "";

beforeAll(async () => {
  it = await lab("conform");
  const argv = ["bs9", "test", "/src/test/fixtures/conformance-systemd.ts", "--timeout=60000"];
  const { stdout, stderr } = await it.asUser("ops", argv, { env: { BUN_BE_BUN: "1" }, timeoutMs: 600_000 });
  said = stdout + stderr;
}, 700_000);
afterAll(() => it.down());

test.each(caseNames)("systemd: %s", (name) => {
  const passed = said.split("\n").some((line) => line.startsWith(`(pass) systemd: ${name}`));
  expect(passed ? "" : said).toBe("");
});
