// How log lines are shown; none of them can control the terminal.
import { expect, test } from "bun:test";
import type { RawLine } from "../../src/logs/query.ts";
import { jsonLine, textLines } from "../../src/logs/render.ts";

const raw = (message: string, service = "web", stream: RawLine["stream"] = "stdout"): RawLine => ({
  atMs: 0,
  service,
  stream,
  priority: null,
  message,
});

const plainly = { colour: false, time: false };
const inColour = { colour: true, time: false };

test("logs shows the lines of a single service without a name in front", () => expect(textLines(["web"], plainly)(raw("up"))).toBe("up"));
test("logs pads the names of several services in front of their lines to the same width", () => {
  const render = textLines(["web", "worker"], plainly);
  expect([render(raw("up")), render(raw("up", "worker"))]).toEqual(["web    | up", "worker | up"]);
});
test("logs marks lines that bs9 itself reports with the prefix bs9", () =>
  expect(textLines(["web"], plainly)(raw("exited with 1", "web", "bs9"))).toBe("bs9: exited with 1"));
test("logs puts the name of the service in front of each line of a message", () =>
  expect(textLines(["web", "api"], plainly)(raw("a\nb\r\n"))).toBe("web | a\nweb | b"));

test("logs shows the local time before the name of the service on each line", () => {
  const atMs = new Date(2026, 0, 5, 9, 5, 3, 999).getTime();
  expect(textLines(["web"], { colour: false, time: true })({ ...raw("a\nb"), atMs })).toBe("Jan 05 09:05:03 a\nJan 05 09:05:03 b");
  expect(textLines(["web", "api"], { colour: false, time: true })({ ...raw("up"), atMs })).toBe("Jan 05 09:05:03 web | up");
  expect(textLines(["web"], { colour: true, time: true })({ ...raw("up"), atMs })).toBe("\x1b[2mJan 05 09:05:03 \x1b[0mup");
});

test("a service has the same colour in every run of logs, and never red, yellow or green, which have a meaning", () => {
  const names = Array.from({ length: 200 }, (_, i) => `service-${i}`);
  const colours = names.map((name) => textLines([name, "other"], inColour)(raw("x", name)).split("m")[0]?.slice(2));
  expect(new Set(colours)).toEqual(new Set(["36", "35", "34", "96", "95", "94"]));
  const colourBeside = (other: string) => textLines(["web", other], inColour)(raw("x")).slice(0, 5);
  expect(colourBeside("api")).toBe(colourBeside("worker"));
});

test.each([
  ["plain", "plain", "plain"],
  ["ERROR no", "ERROR no", "\x1b[31mERROR no\x1b[0m"],
  ["WARN low", "WARN low", "\x1b[33mWARN low\x1b[0m"],
  ["a \x1b[32mgreen\x1b[0m b", "a green b", "a \x1b[32mgreen\x1b[0m b\x1b[0m"],
  ["\x1b[1;38;5;9mbold", "bold", "\x1b[1;38;5;9mbold\x1b[0m"],
  ["tab\there", "tab\there", "tab\there"],
  ["\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H", "\\x1b[2J\\x1b[H"],
  ["\x1b]0;title\x07", "\\x1b]0;title\\x07", "\\x1b]0;title\\x07"],
  ["\x1b]52;c;ZXZpbA==\x1b\\", "\\x1b]52;c;ZXZpbA==\\x1b\\", "\\x1b]52;c;ZXZpbA==\\x1b\\"],
  ["over\rwritten", "over\\x0dwritten", "over\\x0dwritten"],
  ["\u009b31m", "\\x9b31m", "\\x9b31m"],
  ["\u202egnp.exe", "\\u202egnp.exe", "\\u202egnp.exe"],
  ["\x1b[31\x1b[0mm", "\\x1b[31m", "\\x1b[31\x1b[0mm\x1b[0m"],
  ["\x00\x08\x7f", "\\x00\\x08\\x7f", "\\x00\\x08\\x7f"],
])("logs shows the line %j without effect on the terminal, with and without colour", (message, plain, coloured) => {
  expect(textLines(["web"], plainly)(raw(message))).toBe(plain);
  expect(textLines(["web"], inColour)(raw(message))).toBe(coloured);
});

test.each(["a\nb", "\u2028\u0085\x1b[2J\x00", "\ud800", '{"msg":"x\\u2028y","k":[1,{"a":null}]}', "\u{1f600}"])(
  "logs --json prints %j as one harmless line that can be parsed again",
  (message) => {
    const line = jsonLine(raw(message));
    expect([...line].filter((c) => c < " " || (c > "~" && c < "\u00a0") || c === "\u2028" || c === "\u2029")).toEqual([]);
    expect(Object.keys(JSON.parse(line))).toEqual(["at", "service", "stream", "level", "message", "fields"]);
    if (!message.startsWith("{")) expect(JSON.parse(line).message).toBe(message);
  },
);
