// A dashboard in a real pseudo-terminal that fails, or whose terminal goes away.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness.ts";
import { Pty } from "./terminal.ts";

const open: Pty[] = [];
afterAll(() => {
  for (const pty of open) pty.close();
});

function failing(how: string): Pty {
  const env = { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", LANG: "C.UTF-8" };
  const pty = new Pty([process.execPath, join(import.meta.dir, "failing.ts"), how], { columns: 80, rows: 24, cwd: import.meta.dir, env });
  open.push(pty);
  return pty;
}

test.each(["rejects", "throws"])(
  "the terminal is as before after an error inside monit that %s, and the error is shown there",
  async (how) => {
    const pty = failing(how);
    await pty.child.exited;
    await pty.shows("on purpose");
    expect(pty.raw).toContain("\x1b[?1049h");
    await until(() => pty.isBack, { what: "the terminal is as before" });
    expect(pty.child.exitCode).not.toBe(0);
  },
  60_000,
);

test("an error of the model is said, and monit goes on and reads the model again", async () => {
  const pty = failing("unread");
  await pty.shows("the services cannot be read: the model fails on purpose");
  expect(pty.isAlternate).toBe(true);
  pty.type("q");
  expect(await pty.child.exited).toBe(0);
}, 60_000);

test("monit ends as by q when nothing more can be typed, also where SIGHUP ends nothing", async () => {
  const pty = failing("ignores SIGHUP");
  await pty.shows("● web");
  pty.child.terminal?.close();
  expect(await Promise.race([pty.child.exited, Bun.sleep(20_000)])).toBe(0);
}, 60_000);
