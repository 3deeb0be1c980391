// Which line of a program's output names the error, for many languages and tools.
import { expect, test } from "bun:test";
import { errorLine, linesWithError } from "../../../src/lifecycle/reason/error-line.ts";

const frames = (count: number) => Array.from({ length: count }, (_, i) => `    at step${i} (/srv/app/step.js:${i}:7)`);

test.each<[string, string[], string | null]>([
  [
    "Node",
    [
      "node:internal/modules/cjs/loader:1228",
      "  throw err;",
      "  ^",
      "",
      "Error: Cannot find module 'express'",
      "Require stack:",
      "- /srv/app/app.js",
      ...frames(9),
      "  code: 'MODULE_NOT_FOUND',",
      "}",
      "Node.js v22.3.0",
    ],
    "Error: Cannot find module 'express'",
  ],
  [
    "a Node error with a cause",
    ["TypeError: fetch failed", ...frames(3), "  [cause]: Error: connect ECONNREFUSED 127.0.0.1:6379", ...frames(3)],
    "TypeError: fetch failed",
  ],
  [
    "a Node error in a promise",
    ["[UnhandledPromiseRejection: This error originated …]", "Error [ERR_HTTP]: no headers"],
    "Error [ERR_HTTP]: no headers",
  ],
  [
    "Bun",
    ['1 | throw new Error("boom");', "          ^", "error: boom", "      at /srv/app.ts:1:7", "", "Bun v1.4.5 (Linux x64)"],
    "error: boom",
  ],
  [
    "a system error in Bun",
    [
      "3 | readFileSync(path)",
      "    ^",
      "ENOENT: no such file or directory, open '/srv/x'",
      '    path: "/srv/x",',
      ' syscall: "open",',
      "   errno: -2,",
    ],
    "ENOENT: no such file or directory, open '/srv/x'",
  ],
  [
    "a Python error while another was handled",
    [
      "Traceback (most recent call last):",
      '  File "/srv/app.py", line 3, in <module>',
      "    int('x')",
      "ValueError: invalid literal for int() with base 10: 'x'",
      "",
      "During handling of the above exception, another exception occurred:",
      "",
      "Traceback (most recent call last):",
      '  File "/srv/app.py", line 5, in <module>',
      "psycopg2.OperationalError: connection refused",
    ],
    "psycopg2.OperationalError: connection refused",
  ],
  [
    "Go",
    [
      "panic: runtime error: index out of range [3]",
      "",
      "goroutine 1 [running]:",
      "main.main()",
      "\t/srv/main.go:7 +0x1d",
      "exit status 2",
    ],
    "panic: runtime error: index out of range [3]",
  ],
  [
    "Rust",
    ["thread 'main' panicked at src/main.rs:2:5:", "no config", "note: run with `RUST_BACKTRACE=1` environment variable"],
    "thread 'main' panicked at src/main.rs:2:5: no config",
  ],
  [
    "Java",
    ['Exception in thread "main" java.lang.IllegalStateException: no port', "\tat Main.main(Main.java:5)"],
    'Exception in thread "main" java.lang.IllegalStateException: no port',
  ],
  ["a shell", ["starting", "/srv/run.sh: line 3: gunicorn: command not found"], "/srv/run.sh: line 3: gunicorn: command not found"],
  ["cat", ["cat: /srv/x: Permission denied"], "cat: /srv/x: Permission denied"],
  [
    "the dynamic loader",
    ["./app: error while loading shared libraries: libpq.so.5: cannot open shared object file"],
    "./app: error while loading shared libraries: libpq.so.5: cannot open shared object file",
  ],
  [
    "a program started by npm",
    [
      "> web@1.0.0 start",
      "> node app.js",
      "",
      "Error: listen EADDRINUSE: address already in use :::3000",
      ...frames(4),
      "npm ERR! code 1",
      "npm ERR! path /srv",
    ],
    "Error: listen EADDRINUSE: address already in use :::3000",
  ],
  ["a log of its own", ["12:00 INFO up", "12:01 ERROR no database", "12:02 INFO bye"], "12:01 ERROR no database"],
  ["the last of several tries", ["Error: try 1", "Error: try 2", "Error: gave up"], "Error: gave up"],
  ["words alone", ["hello", "config is invalid"], "config is invalid"],
  [
    "an error of npm itself",
    [
      'npm error Missing script: "dev"',
      "npm error",
      "npm error To see a list of scripts, run:",
      "npm error A complete log of this run can be found in: /x",
    ],
    'npm error Missing script: "dev"',
  ],
  ["output without an error", ["hello", "bye"], null],
  ["no output", [], null],
])("the line that names the error is chosen correctly in the output of: %s", (_, lines, line) => {
  expect(errorLine(lines)).toBe(line);
});

test("a long line that names an error is cut to 200 characters", () => {
  expect(errorLine([`Error: ${"x".repeat(10_000)}`])).toHaveLength(200);
});

test("the search for the line with the error is quick even for hostile lines", () => {
  const lines = ["a.".repeat(50_000), "A".repeat(100_000), `thread '${"'".repeat(50_000)}`, "Error".repeat(20_000), "::".repeat(50_000)];
  const began = performance.now();
  errorLine(lines);
  expect(performance.now() - began).toBeLessThan(2000);
});

test("the shown lines begin with the error if a long stack follows it", () => {
  const lines = ["up", "Error: boom", ...frames(40)];
  expect(linesWithError(lines, 20)[0]).toBe("Error: boom");
  expect(linesWithError(lines, 20)).toHaveLength(20);
  expect(linesWithError(["up", "Error: boom", "bye"], 20)).toEqual(["up", "Error: boom", "bye"]);
  expect(linesWithError(["a", "b", "c"], 2)).toEqual(["b", "c"]);
});
