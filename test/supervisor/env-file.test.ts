// A changed environment file: restart and start read it again, name what changed, and never lose a value that is in force.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../harness.ts";
import { get, Place } from "./bs9.ts";

const place = new Place();
const port = freePort();
const variables = async () => {
  const { GREETING, SECRET } = await get(port, "/env");
  return [GREETING, SECRET];
};

beforeAll(async () => {
  place.furnish();
  place.write("web/variables", 'GREETING=hello\nSECRET="a b"\n');
  const argv = ["start", "web/app.ts", "--name", "web", "--port", String(port), "--env-file", "web/variables"];
  expect(await place.bs9(...argv)).toMatchObject({ code: 0 });
});
afterAll(() => place.down());

test("restart reads the file again and names the changed variables, not their values", async () => {
  place.write("web/variables", "GREETING=goodbye\nSECRET='a b'\n");
  const { code, stderr } = await place.bs9("restart", "web");
  expect([code, stderr]).toEqual([0, expect.stringContaining("web: its environment files have changed GREETING\n")]);
  expect(stderr).not.toContain("goodbye");
  expect(await variables()).toEqual(["goodbye", "a b"]);
});

test("start of a running service applies a changed file, and reports unchanged where nothing changed", async () => {
  place.write("web/variables", "GREETING=again\nSECRET='a b'\n");
  expect((await place.bs9("start", "web")).stdout).toStartWith("web changed");
  expect((await place.bs9("start", "web")).stdout).toMatch(/^web unchanged: no changes, it still runs \(pid \d+\)\n$/);
  place.write("web/variables", "GREETING=once more\nSECRET='a b'\n");
  expect((await place.bs9("start", "web/app.ts", "--name", "web")).stdout).toStartWith("web changed");
  expect(await variables()).toEqual(["once more", "a b"]);
});

test("--env overrides the file, and --env NAME= removes a variable of the file for good", async () => {
  await place.bs9("start", "web", "--env", "GREETING=mine", "--env", "SECRET=");
  expect(await variables()).toEqual(["mine", undefined]);
  await place.bs9("restart", "web");
  expect(await variables()).toEqual(["mine", undefined]);
  await place.bs9("start", "web", "--env", "GREETING=", "--env", "SECRET=back");
  expect(await variables()).toEqual([undefined, "back"]);
});

test("the last values stay in force while the file is missing or broken, and bs9 says so", async () => {
  await place.bs9("start", "web", "--reset", "--port", String(port), "--env-file", "web/variables");
  expect(await variables()).toEqual(["once more", "a b"]);
  for (const broken of [null, "GREETING=\uffff\n", "GREETING=new\nBUN_OPTIONS=--preload=x\n", `GREETING=${"x".repeat(200_000)}\n`]) {
    rmSync(join(place.folder, "web/variables"), { force: true });
    if (broken !== null) place.write("web/variables", broken);
    const { code, stderr } = await place.bs9("restart", "web");
    expect([code, stderr]).toEqual([0, expect.stringContaining("the values that were read last stay in force")]);
    expect(await variables()).toEqual(["once more", "a b"]);
  }
});

test("a refused start leaves the last values in force, and the next start tries again", async () => {
  const app = place.read("web/app.ts");
  place.write("web/app.ts", `${app}\nif (process.env.NEVER) eval(process.env.NEVER);\n`);
  place.write("web/variables", "GREETING=moved\n");
  for (const _ of [1, 2]) {
    expect(await place.bs9("start", "web")).toMatchObject({ code: 6 });
    expect(await variables()).toEqual(["once more", "a b"]);
  }
  place.write("web/app.ts", app);
  place.write("web/variables", "GREETING=once more\nSECRET='a b'\n");
  expect((await place.bs9("start", "web")).stdout).toMatch(/^web unchanged: no changes, it still runs \(pid \d+\)\n$/);
});

test("describe names the file and the variables, and shows no value", async () => {
  for (const argv of [
    ["describe", "web"],
    ["describe", "web", "--json"],
    ["start", "web/app.ts", "--name", "web", "--dry-run", "--json"],
  ]) {
    const { stdout } = await place.bs9(...argv);
    expect(stdout).toContain("SECRET");
    expect(stdout).not.toContain("a b");
    expect(stdout).not.toContain("once more");
  }
  expect((await place.bs9("describe", "web")).stdout).toContain(join(place.folder, "web/variables"));
});
