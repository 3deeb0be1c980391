// What `start` and `describe` say about directories.
import { expect, test } from "bun:test";
import { directoryRows, openSentence } from "../../src/commands/directory-words.ts";

const home = "/home/ops";
const writable = [
  { path: "/home/ops/app", own: false },
  { path: "/srv/data", own: false },
  { path: "/home/ops/.cache", own: true },
  { path: "/tmp", own: true },
];
const shut = { writable, readable: ["/", "/home/ops/.nvm/v1"], hidden: [home, "/root"] };
const open = { writable: [{ path: "/", own: false }], readable: ["/"], hidden: [] };

test("start says in one sentence where a service may write", () => {
  expect(openSentence("web", shut, home)).toBe(
    "web can write in ~/app, /srv/data, and in its own ~/.cache, /tmp; the rest of your home directory is closed to it",
  );
  expect(openSentence("web", open, home)).toBe("web can write wherever its user can");
});

test("control characters in a path are not printed", () => {
  const strange = { ...shut, writable: [{ path: "/home/ops/a\u001b[31mb", own: false }] };
  expect(openSentence("web", strange, home)).not.toContain("\u001b");
});

test("describe lists directories as writable, readable and hidden", () => {
  expect(directoryRows(shut, home)).toEqual([
    ["writable", "~/app"],
    ["", "/srv/data"],
    ["", "~/.cache (its own)"],
    ["", "/tmp (its own)"],
    ["readable", "the system"],
    ["", "~/.nvm/v1"],
    ["hidden", "the rest of ~"],
    ["", "/root"],
  ]);
  expect(directoryRows(open, home)).toEqual([
    ["writable", "wherever its user may"],
    ["readable", "the system"],
  ]);
});
