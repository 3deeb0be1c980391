// Names and targets.
import { expect, test } from "bun:test";
import { checkName, defaultName } from "../../src/service/name.ts";
import { pickTargets } from "../../src/service/targets.ts";

test.each(["web", "a", "api-2", `a${"b".repeat(62)}`])("%s is a name", (name) => expect(checkName(name)).toBe(name));
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
])("%j is none", (name) => expect(() => checkName(name)).toThrow("cannot be named"));

test.each([
  ["/srv/shop/worker.ts", "worker"],
  ["/srv/shop/index.ts", "shop"],
  ["/srv/shop/Server.js", "shop"],
  ["/srv/My App/main.ts", "my-app"],
  ["/usr/bin/python3", "python3"],
  ["/srv/x/2nd_job.ts", "nd-job"],
])("%s is called %s", (entry, name) => expect(defaultName(entry)).toBe(name));
test("no name can be made of nothing", () => expect(() => defaultName("/srv/日本/index.ts")).toThrow("no name"));

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
])("%j", (words, names) => expect(pickTargets(words, defined)).toEqual(names));
test("all of nothing is nothing", () => expect(pickTargets(["all"], [])).toEqual([]));
test("a mistyped name gets a guess", () => expect(() => pickTargets(["wbe"], defined)).toThrow("did you mean 'web'"));
test("a glob without a match", () => expect(() => pickTargets(["x-*"], defined)).toThrow("no service matches"));
