// The table of everything that a terminal sends, and what the dashboard makes of it.
import { expect, test } from "bun:test";
import type { Input } from "../../src/monit/input/input.ts";
import { InputParser } from "../../src/monit/input/parser.ts";

const key = (...keys: string[]): Input[] => keys.map((one) => ({ kind: "key", key: one }));
const mouse = (what: "press" | "release" | "wheel-up" | "wheel-down", x: number, y: number): Input => ({ kind: "mouse", what, x, y });

test.each<[string, Input[]]>([
  ["a", key("a")],
  ["jkG", key("j", "k", "G")],
  ["ä€😀", key("ä", "€", "😀")],
  ["\r", key("enter")],
  ["\n", key("enter")],
  ["\t", key("tab")],
  [" ", key("space")],
  ["\x7f", key("backspace")],
  ["\b", key("backspace")],
  ["\x03\x1a\x0c", key("C-c", "C-z", "C-l")],
  ["\x00\x1c", []],
  ["\x1b[A\x1b[B\x1b[C\x1b[D", key("up", "down", "right", "left")],
  ["\x1bOA\x1bOB\x1bOC\x1bOD", key("up", "down", "right", "left")],
  ["\x1b[H\x1b[F\x1bOH\x1bOF", key("home", "end", "home", "end")],
  ["\x1b[1~\x1b[4~\x1b[7~\x1b[8~", key("home", "end", "home", "end")],
  ["\x1b[5~\x1b[6~\x1b[2~\x1b[3~", key("pageup", "pagedown", "insert", "delete")],
  ["\x1bOP\x1b[11~\x1b[[A", key("f1", "f1", "f1")],
  ["\x1b[21~\x1b[24~", key("f10", "f12")],
  ["\x1b[Z", key("back-tab")],
  // Shift and Ctrl with an arrow are the arrow.
  ["\x1b[1;2A\x1b[1;5C", key("up", "right")],
  // Answers to questions that nobody asked, and keys that do not exist, are swallowed whole.
  ["\x1b[?1;2c\x1b[99~\x1b[12;40Rx", key("f3", "x")],
  ["\x1b[\x01q", key("C-a", "q")],
  ["\x1b[<0;10;5M\x1b[<0;10;5m", [mouse("press", 9, 4), mouse("release", 9, 4)]],
  ["\x1b[<64;1;1M\x1b[<65;1;1M", [mouse("wheel-up", 0, 0), mouse("wheel-down", 0, 0)]],
  ["\x1b[<2;3;3M\x1b[<35;3;3M", []],
  ["\x1b[<1;M\x1b[<M", []],
  // The mouse of a terminal without mode 1006: the three bytes after M are not keys.
  ["\x1b[M ryq", key("q")],
  // A sequence that another one interrupts is dropped.
  ["\x1bO\x1b[A\x1b[\x1b[B", key("up", "down")],
  ["\x1b[200~rm -rf /\rq\x1b[201~x", [{ kind: "paste", text: "rm -rf /\rq" }, ...key("x")]],
  ["\x1b[200~\x1b[201~", [{ kind: "paste", text: "" }]],
])("a terminal that sends %j means %j", (bytes, expected) => {
  expect(new InputParser().feed(bytes)).toEqual(expected);
  // The same bytes one by one mean the same.
  const slow = new InputParser();
  expect([...bytes].flatMap((byte) => slow.feed(byte))).toEqual(expected);
});

test("an Escape that nothing follows is the key; a sequence that has begun waits for its end", () => {
  const parser = new InputParser();
  expect(parser.feed("\x1b")).toEqual([]);
  expect(parser.isWaiting).toBe(true);
  expect(parser.flush()).toEqual(key("escape"));
  expect(parser.isWaiting).toBe(false);
  for (const [begin, end] of [
    ["\x1b[", "A"],
    ["\x1bO", "A"],
  ] as const) {
    expect(parser.feed(begin)).toEqual([]);
    expect(parser.isWaiting).toBe(false);
    expect(parser.flush()).toEqual([]);
    expect(parser.feed(end)).toEqual(key("up"));
  }
  expect(parser.feed("\x1bx")).toEqual(key("escape", "x"));
});

test("a sequence or a paste without an end takes no memory without a limit, and the keys after it are read", () => {
  const parser = new InputParser();
  expect(parser.feed(`\x1b[${"1;".repeat(5000)}`)).toEqual([]);
  expect(parser.feed("q")).toEqual(key("q"));
  const pasting = new InputParser();
  pasting.feed(`\x1b[200~${"x".repeat(1_000_000)}`);
  const [paste, ...rest] = pasting.feed("\x1b[201~q");
  expect(paste?.kind === "paste" && paste.text.length).toBe(4096);
  expect(rest).toEqual(key("q"));
});
