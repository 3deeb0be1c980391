// Two projects with entries of the same names, side by side: neither replaces the service of the other.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Place } from "./bs9.ts";

const place = new Place();
const app = "setInterval(() => {}, 1000);\n";

beforeAll(() => {
  for (const project of ["shop", "blog"]) {
    place.write(`${project}/package.json`, JSON.stringify({ name: `@acme/${project}` }));
    for (const entry of ["src/index.ts", "dist/main.js", "worker.ts"]) place.write(`${project}/${entry}`, app);
  }
});
afterAll(() => place.down());

const names = async () => (await place.bs9("status", "-q")).stdout.trim().split("\n").sort();

test("src/index.ts of two projects are two services, each named after its project", async () => {
  for (const project of ["shop", "blog"]) {
    expect(await place.bs9("start", `${project}/src/index.ts`, "--wait", "0")).toMatchObject({ code: 0 });
  }
  expect(await names()).toEqual(["blog", "shop"]);
});

test("a command such as sleep is named after the project in whose directory it is called", async () => {
  const called = await place.bs9("start", "sleep", "--cwd", join(place.folder, "shop"), "--dry-run", "--json", "--", "1000");
  expect(JSON.parse(called.stdout)).toMatchObject([{ spec: { name: "shop" } }]);
});

test("another entry of the same project changes its service", async () => {
  expect(await place.bs9("start", "shop/dist/main.js", "--wait", "0")).toMatchObject({ code: 0 });
  expect((await place.bs9("describe", "shop", "--json")).stdout).toContain("dist/main.js");
});

test("a known name with an entry in another project is refused with both paths, and the first service keeps running", async () => {
  await place.bs9("start", "shop/worker.ts", "--wait", "0");
  const before = await place.statusOf("worker");
  const refused = await place.bs9("start", "blog/worker.ts", "--wait", "0");
  expect(refused.code).toBe(1);
  for (const path of ["shop/worker.ts", "blog/worker.ts"]) expect(refused.stderr).toContain(join(place.folder, path));
  expect(refused.stderr).toContain("--name worker-2");
  expect(await place.statusOf("worker")).toMatchObject({ pid: before.pid, state: "active" });
  expect((await place.bs9("describe", "worker", "--json")).stdout).toContain("shop/worker.ts");
  expect(await place.bs9("start", "blog/worker.ts", "--name", "worker-2", "--wait", "0")).toMatchObject({ code: 0 });
});
