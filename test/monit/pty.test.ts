// The built executable in a real pseudo-terminal: what it shows, and that the terminal is as before, however monit ends.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";
import { isPicture } from "./scene.ts";
import { Pty } from "./terminal.ts";

const program = join(import.meta.dir, "../../dist/bs9");
const place = new Place();
const names = ["api", "billing", "web"];
const longest = `a${"b".repeat(55)}-worker`;
const open: Pty[] = [];

beforeAll(async () => {
  place.write("app/package.json", "{}");
  place.write("app/idle.ts", `console.log("listening"); setInterval(() => {}, 1000);`);
  // Escape sequences, wide and combining characters, and a line of a megabyte.
  place.write(
    "app/hostile.ts",
    `console.log("\\x1b[?1049l\\x1b[2J\\x1b]0;title\\x07\\x9b31mred"); console.log("漢字 e\\u0301 👨‍👩‍👧‍👦"); console.log("x".repeat(1e6)); setInterval(() => {}, 1000);`,
  );
  for (const name of names) expect((await place.bs9("start", "app/idle.ts", "--name", name, "--no-inject")).code).toBe(0);
  expect((await place.bs9("start", "app/hostile.ts", "--name", longest, "--no-inject")).code).toBe(0);
}, 120_000);

afterAll(async () => {
  for (const pty of open) pty.close();
  await place.down();
}, 120_000);

const env = { ...place.env, TERM: "xterm-256color", LANG: "C.UTF-8" };

function monit(columns = 80, rows = 24, options: string[] = []): Pty {
  const pty = new Pty([program, "monit", ...options], { columns, rows, cwd: place.folder, env });
  open.push(pty);
  return pty;
}

/** A shell whose settings of the terminal are printed before and after. */
function shell(): Pty {
  const pty = new Pty(["sh", "-i"], { columns: 80, rows: 24, cwd: place.folder, env: { ...env, PS1: "$ ", ENV: "" } });
  open.push(pty);
  return pty;
}

/** The screen without the first row, the lines of the log, figures and times, which differ from run to run. */
function steady(pty: Pty): string[] {
  const lines = pty.lines();
  const log = lines.findIndex((line) => line.includes("── log"));
  return [...lines.slice(1, log + 1), lines.at(-1) ?? ""].map((line) =>
    line
      .replace(/\d\d:\d\d:\d\d/g, "HH:MM:SS")
      .replace(/ +\d+\.\d +\d+M +0 +\d+m?s?/, " CPU MEM 0 UPTIME")
      .replace(/(active) \d+m?s?/, "$1 UPTIME")
      .replace(/pid \d+/, "pid PID")
      .replace(/\d+ tasks/, "TASKS")
      .replace(/sandbox .*/, "sandbox SANDBOX")
      .replace(/[\u2800-\u28ff]/g, " ")
      .replace(/(cpu|mem) (-|[\d.]+[%KMG]?|no samples)( max [\d.]+[%KMG]?)?/g, "$1 FIGURE")
      .replace(/ {2,}/g, "  ")
      .replace(/─+/g, "──")
      // A long figure may leave no space before the line of the next column.
      .replaceAll("FIGURE──", "FIGURE ──")
      .trimEnd(),
  );
}

test("monit shows the services, filters and sorts them, and keeps its shape from 40x12 to 300x80", async () => {
  const pty = monit();
  await pty.shows("● web");
  await pty.shows(/log a.*[\s\S]*listening|red/);
  expect(pty.isAlternate).toBe(true);
  for (const [columns, rows] of [
    [40, 12],
    [300, 80],
    [80, 24],
  ] as const) {
    pty.resize(columns, rows);
    await pty.shows(new RegExp(`^ bs9[^\\n]{0,${columns}}live[^\\n]*\\n[\\s\\S]*q quit$`));
    expect(pty.lines().length).toBe(rows);
    expect(pty.lines().at(-1)).toContain("q quit");
  }
  pty.type("N");
  await pty.shows(/NAME ▼/);
  pty.type("N");
  await until(() => /web[\s\S]*billing[\s\S]*api/.test(pty.text()), { what: "the order is reversed" });
  pty.type("/bil");
  await pty.shows('1 of 4 "bil"');
  pty.type("\r");
  await pty.shows(/log billing[\s\S]*listening/);
  isPicture("pty-filtered", steady(pty));
  pty.type("\x1b");
  await pty.shows("4 up");
  pty.type("q");
  expect(await pty.child.exited).toBe(0);
  await until(() => pty.isBack, { what: "the terminal is as before" });
}, 60_000);

test("a restart asks, names the service, and says how it ended; the trail says that it came from monit", async () => {
  const pty = monit();
  await pty.shows("● web");
  pty.type("/web\r");
  await pty.shows('1 of 4 "web"');
  const before = await place.pidOf("web");
  pty.type("r");
  await pty.shows("restart web?");
  pty.type("y");
  await pty.shows(/web restarted/, 60_000);
  expect(await place.pidOf("web")).not.toBe(before);
  pty.type("q");
  await pty.child.exited;
  const { stdout } = await place.bs9("history", "web", "--json");
  expect(JSON.parse(stdout).at(-1)).toMatchObject({ act: "restart", targets: ["web"], who: { origin: "monit" } });
}, 120_000);

test("nothing that a service writes reaches the terminal raw, and the picture of the widest name holds", async () => {
  const pty = monit();
  await pty.shows("● web");
  pty.type("/bbb\rl");
  await pty.shows("漢字");
  await pty.shows(/x{40}/);
  expect(pty.raw).not.toContain("\x9b31m");
  expect(pty.raw).not.toContain("\x1b]0;title");
  expect(pty.isAlternate).toBe(true);
  expect(pty.lines()[1]).toContain("log ab");
  pty.type("q");
  await pty.shows(/ab+…b+-worker/);
  pty.type("q");
  await pty.child.exited;
}, 60_000);

test("o shows the log in the normal terminal and returns to the dashboard", async () => {
  const pty = monit();
  await pty.shows("● web");
  pty.type("/web\ro");
  await until(() => !pty.isAlternate, { what: "the normal terminal" });
  await pty.shows(/log of web[\s\S]*listening/);
  pty.type("o");
  await until(() => pty.isAlternate, { what: "the dashboard" });
  await pty.shows("1 of 4");
  pty.type("q");
  await pty.child.exited;
}, 60_000);

test.each<[string, (pty: Pty) => void]>([
  ["SIGTERM", (pty) => pty.child.kill("SIGTERM")],
  ["SIGHUP", (pty) => pty.child.kill("SIGHUP")],
  ["SIGINT", (pty) => pty.child.kill("SIGINT")],
  ["Ctrl-C", (pty) => pty.type("\x03")],
])(
  "the terminal is as before after %s",
  async (_, end) => {
    const pty = monit();
    await pty.shows("● web");
    end(pty);
    await pty.child.exited;
    await until(() => pty.isBack, { what: "the terminal is as before" });
  },
  60_000,
);

test("Ctrl-Z gives the terminal back to the shell, and fg the dashboard; the settings of the terminal are as before", async () => {
  const pty = shell();
  await pty.shows("$ ");
  pty.type("stty -g\r");
  await pty.shows(/^[0-9a-f:]{60,}/m);
  const settings = () => pty.text().match(/^[0-9a-f:]{60,}$/gm) ?? [];
  const [before] = settings();
  pty.type(`${program} monit\r`);
  await pty.shows("● web");
  pty.type("\x1a");
  await until(() => pty.isBack, { what: "the shell" });
  pty.type("clear; stty -g\r");
  await pty.shows(/^[0-9a-f:]{60,}/m);
  expect(settings()).toEqual([before ?? ""]);
  const returns = async () => {
    pty.type("fg\r");
    await until(() => pty.isAlternate, { what: "the dashboard" });
    await pty.shows(/^ bs9[\s\S]*● web[\s\S]*q quit$/);
  };
  await returns();
  // The same signal from another process, which finds the dashboard as the child of the shell.
  const [child] = readFileSync(`/proc/${pty.child.pid}/task/${pty.child.pid}/children`, "latin1").trim().split(" ");
  process.kill(Number(child), "SIGTSTP");
  await until(() => pty.isBack, { what: "the shell" });
  pty.type("clear; stty -g\r");
  await until(() => settings().length === 1, { what: "the settings" });
  expect(settings()).toEqual([before ?? ""]);
  await returns();
  pty.type("q");
  await until(() => pty.isBack, { what: "the shell" });
  pty.type("clear; stty -g\r");
  await until(() => settings().length === 1, { what: "the settings" });
  expect(settings()).toEqual([before ?? ""]);
}, 60_000);

test("monit ends when its terminal is closed", async () => {
  const pty = monit();
  await pty.shows("● web");
  pty.child.terminal?.close();
  await Promise.race([pty.child.exited, Bun.sleep(20_000)]);
  expect(pty.child.exitCode !== null || pty.child.signalCode !== null).toBe(true);
}, 60_000);

test("--once prints one picture without a terminal, --plain numbered rows, and each says what it cannot do", async () => {
  const { stdout, code } = await place.bs9("monit", "--once");
  expect(code).toBe(0);
  for (const name of names) expect(stdout).toContain(`● ${name}`);
  expect(stdout).not.toContain("\x1b");
  const plain = await place.bs9("monit", "--plain", "--once");
  expect(plain.stdout.split("\n")[0]).toMatch(/^1\. \S+: active, cpu [\d.]+%, memory \d+M, up \d/);
  for (const [argv, code, text] of [
    [[], 2, "monit needs a terminal"],
    [["--json"], 2, "bs9 status --json"],
    [["--refresh", "0"], 2, "--refresh must be from 1 to 3600 seconds"],
    [["--once", "--at", "25:00"], 2, "--at must be a time of day that exists"],
    [["--once", "--at", "2001-01-01"], 1, "nothing is stored of 2001-01-01T00:00:00.000Z"],
    [["--plain", "--at", "10m"], 2, "bs9 monit --at 10m --plain --once"],
    [["--plain", "--once", "--at", "2001-01-01"], 1, "nothing is stored of 2001-01-01T00:00:00.000Z"],
    [["web"], 2, "monit shows all services"],
  ] as const) {
    const outcome = await place.bs9("monit", ...argv);
    expect([outcome.code, outcome.stdout + outcome.stderr]).toEqual([code, expect.stringContaining(text)]);
  }
}, 60_000);
