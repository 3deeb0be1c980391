// Text is made harmless for the terminal, and similar words are suggested.
import { expect, test } from "bun:test";
import { harmless, nearest, shellWord } from "../../src/base/text.ts";

test.each([
  ["plain ünïcode 😀", "plain ünïcode 😀"],
  ["\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"],
  ["a\nb\rc", "a\\nb\\x0dc"],
  ["right\u202eleft", "right\\u202eleft"],
  ["\x9b31m", "\\x9b31m"],
  ["tab\tstays", "tab\tstays"],
])("harmless() shows control characters of %j as text", (text, shown) => expect(harmless(text)).toBe(shown));

test.each([
  ["statsu", "status"],
  ["strat", "start"],
  ["log", "logs"],
  ["dleete", "delete"],
  ["xyzzy", null],
  ["", null],
])("the command nearest to %j is suggested", (word, guess) =>
  expect(nearest(word, ["start", "stop", "status", "logs", "delete"])).toBe(guess),
);

test.each(["plain/path-1.ts", "a b", "it's", "$(touch x)", "; rm -rf /", "`id`", "", "new\nline", "-n"])(
  "a shell reads %j back",
  (word) => {
    expect(Bun.spawnSync(["/bin/sh", "-c", `printf %s ${shellWord(word)}`]).stdout.toString()).toBe(word);
  },
);
