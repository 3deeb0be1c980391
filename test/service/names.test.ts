// Names of services, and targets.
import { expect, test } from "bun:test";
import { checkName, defaultName, type NameSource } from "../../src/service/name.ts";
import { pickTargets } from "../../src/service/targets.ts";

test.each(["web", "a", "api-2", `a${"b".repeat(62)}`])("%s is a valid name of a service", (name) => expect(checkName(name)).toBe(name));
test.each([
  "",
  "Web",
  "2web",
  "-web",
  "web.service",
  "web@2",
  "../x",
  "web\n",
  "wéb",
  "all",
  "bs9-agent",
  `a${"b".repeat(63)}`,
  "a b",
  "%h",
  "$x",
])("%j is refused as the name of a service", (name) => expect(() => checkName(name)).toThrow("cannot be named"));

const source = (entry: string, more: Partial<NameSource> = {}): NameSource => ({
  entry,
  isCommand: false,
  root: "/srv/shop",
  packageName: null,
  ...more,
});

test.each<[string, Partial<NameSource>, string]>([
  ["/srv/shop/worker.ts", {}, "worker"],
  ["/srv/shop/index.ts", {}, "shop"],
  ["/srv/shop/src/index.ts", {}, "shop"],
  ["/srv/shop/dist/main.js", { packageName: "@acme/store" }, "store"],
  ["/srv/shop/start.js", { packageName: "Store.Front" }, "store-front"],
  ["/srv/shop/Server.js", {}, "shop"],
  ["/srv/My App/main.ts", { root: "/srv/My App" }, "my-app"],
  ["/srv/shop/build/app.js", { root: "/srv/shop/build" }, "shop"],
  ["/usr/bin/python3", { isCommand: true }, "shop"],
  ["/home/ops/.nvm/bin/npm", { isCommand: true, packageName: "api" }, "api"],
  ["/srv/shop/npm", {}, "npm"],
  ["/srv/x/2nd_job.ts", {}, "nd-job"],
  // If a candidate for the default name is not a valid name of a service, the next candidate is tried.
  ["/srv/shop/index.ts", { packageName: "@acme/日本" }, "shop"],
  ["/srv/shop/index.ts", { packageName: "all" }, "shop"],
  ["/srv/shop/日本.ts", {}, "shop"],
  ["/srv/shop/index.ts", { packageName: `${"a".repeat(62)}-b` }, "a".repeat(62)],
  ["/srv/shop/index.ts", { packageName: "x\ny%h$(rm)" }, "x-y-h-rm"],
])("the default name of %s with %j is %s", (entry, more, name) => expect(defaultName(source(entry, more))).toBe(name));
test("no default name can be made from an entry and a project whose names have no letter from a to z", () => {
  expect(() => defaultName(source("/srv/日本/index.ts", { root: "/srv/日本" }))).toThrow("cannot make a name");
  expect(() => defaultName(source("/src/index.ts", { root: "/src" }))).toThrow("cannot make a name");
});

const defined = ["api-1", "api-2", "web"];
test.each([
  [["web"], ["web"]],
  [["all"], defined],
  [["api-*"], ["api-1", "api-2"]],
  [
    ["web", "api-*", "web"],
    ["web", "api-1", "api-2"],
  ],
  [["{web,api-1}"], ["api-1", "web"]],
])("the targets %j are resolved to names of services", (words, names) => expect(pickTargets(words, defined)).toEqual(names));
test("all resolves to an empty list where no service is defined", () => expect(pickTargets(["all"], [])).toEqual([]));
test("a mistyped name of a service is refused with a suggestion", () =>
  expect(() => pickTargets(["wbe"], defined)).toThrow("did you mean 'web'"));
test("a number in place of a name, as PM2 accepts it, is refused with an explanation", () =>
  expect(() => pickTargets(["0"], defined)).toThrow("services have names, not numbers"));
test("a glob without a match is an error", () => expect(() => pickTargets(["x-*"], defined)).toThrow("no service matches"));
