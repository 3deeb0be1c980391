// The location of apps, and what they can see: links, the home directory itself, opened paths.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();

beforeAll(async () => {
  it = await lab("places");
  await it.writeFile("ops", ".ssh/id", "secret", "600");
}, 300_000);
afterAll(() => it.down());

test("a symbolic link to the current release is resolved again at each restart, and the service can write the directory that it leads to", async () => {
  for (const release of ["1", "2"]) {
    await it.writeFile(
      "ops",
      `releases/${release}/app.ts`,
      app.replace('"/argv": () =>', `"/release": () => ${release},\n  "/argv": () =>`),
    );
    await it.writeFile("ops", `releases/${release}/package.json`, "{}");
  }
  await it.asUser("ops", ["ln", "-sfn", "releases/1", "current"]);
  await bs9(it, "start", "current/app.ts", "--name", "linked", "--port", "4105");
  expect([await fetchIn<number>(it, 4105, "/release"), await fetchIn<string>(it, 4105, "/write")]).toEqual([1, "done"]);
  await it.asUser("ops", ["ln", "-sfn", "releases/2", "current"]);
  await bs9(it, "restart", "linked");
  expect([await fetchIn<number>(it, 4105, "/release"), await fetchIn<string>(it, 4105, "/write")]).toEqual([2, "done"]);
  expect((await statusOf(it, "linked")).sandbox).toBe("effective");
});

test("a command on PATH can be started from the home directory", async () => {
  expect(await bs9(it, "start", "sleep", "--name", "nap", "--", "1000")).toMatchObject({ code: 0 });
  expect(await statusOf(it, "nap")).toMatchObject({ state: "active", sandbox: "partial" });
});

test("--writable and --readable open the named paths, and strict makes the project read-only", async () => {
  await it.writeFile("ops", "opened/read", "r");
  await it.writeFile("ops", "strict/app.ts", app);
  await bs9(
    it,
    "start",
    "strict/app.ts",
    "--name",
    "strict",
    "--port",
    "4106",
    "--sandbox",
    "strict",
    "--readable",
    "opened",
    "--writable",
    ".ssh",
  );
  expect(await statusOf(it, "strict")).toMatchObject({ state: "active", sandbox: "effective" });
  expect(await fetchIn<string>(it, 4106, "/write")).toBe("refused: EROFS");
  expect(await fetchIn<string>(it, 4106, "/secret")).toBe("secret");
});
