// The dashboard in a real pseudo-terminal that changes its size, compared with stored pictures.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness.ts";
import { isPicture } from "./scene.ts";
import { Pty } from "./terminal.ts";

const env = { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", LANG: "C.UTF-8" };
const argv = [process.execPath, join(import.meta.dir, "failing.ts"), "shows"];
const pty = new Pty(argv, { columns: 80, rows: 24, cwd: import.meta.dir, env });
afterAll(() => pty.close());

/** The time is the only part that differs from run to run. */
const steady = () => pty.lines().map((line) => line.replace(/\d\d:\d\d:\d\d/g, "HH:MM:SS").trimEnd());

test("the screen has its stored picture at each size from 40x12 to 300x80", async () => {
  await pty.shows("worker");
  for (const [columns, rows] of [
    [40, 12],
    [80, 24],
    [100, 30],
    [160, 50],
    [300, 80],
  ] as const) {
    pty.resize(columns, rows);
    // In a frame of this size the first row ends two cells before the last column, and the last row has the keys.
    const isWhole = () => pty.lines()[0]?.length === columns - 2 && pty.lines().at(-1)?.endsWith("q quit") === true;
    await until(() => isWhole() && !pty.text().includes("reading the log"), { what: `the screen of ${columns}x${rows}:\n${pty.text()}` });
    isPicture(`pty-${columns}x${rows}`, steady());
  }
  pty.type("q");
  expect(await pty.child.exited).toBe(0);
  await until(() => pty.isBack, { what: "the terminal is as before" });
}, 60_000);
