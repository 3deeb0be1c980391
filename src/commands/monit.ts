// bs9 monit: the dashboard in the terminal.
import { hostname } from "node:os";
import { readAlertHistory } from "../alerting/spool/history.ts";
import { failed, usage } from "../base/errors.ts";
import { parseDuration } from "../base/quantities.ts";
import type { Terminal } from "../base/terminal.ts";
import { terminalSize } from "../base/terminal-size.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import type { MonitModel } from "../monit/model.ts";
import type { MonitDeps } from "../monit/sources.ts";
import { levelsOf, spanOf } from "../storage/levels.ts";
import { whoActs } from "../trail/who.ts";
import type { Command, Words } from "./command.ts";
import { flagOf, parsed } from "./options.ts";
import { clockOrPastTime } from "./past-time.ts";

export const monitCommand: Command = {
  name: "monit",
  synopsis: "",
  summary: "dashboard of all services in the terminal: figures, charts, logs, and what happened before",
  options: [
    { flags: "--refresh <seconds>", text: "the time between two samples (default 1)" },
    { flags: "--once", text: "print one picture and end, for scripts" },
    { flags: "--at <time>", text: "begin at a time in the stored history: 03:12, 10m for ten minutes ago, or a date" },
    { flags: "--plain", text: "print numbered rows and then one line for each change, for screen readers" },
    { flags: "--read-only", text: "refuse to start, stop and restart services" },
  ],
  examples: ["bs9 monit", "bs9 monit --read-only --refresh 5", "bs9 monit --once", "bs9 monit --at 03:12 --once"],
  exits: [1, 5, 130],
  async run(given: Words, context: Context): Promise<null> {
    const asked = askedOf(given, context);
    const deps = {
      ...(await context.prepare()),
      trail: context.trailOf("monit"),
      alertHistory: () => readAlertHistory(context.paths.state),
    };
    if (asked.isPlain && !asked.isOnce) await plain(asked, deps, context);
    else if (asked.isOnce) await still(asked, deps, context);
    else await dashboard(asked, deps, context);
    return null;
  },
};

type Asked = { refreshMs: number; isOnce: boolean; atMs: number | null; isPlain: boolean; whyPlain: string | null; isReadOnly: boolean };

function askedOf({ words, options }: Words, { settings, env, terminal }: Context): Asked {
  if (words.length > 0) throw usage("monit shows all services and takes options only", { hint: "bs9 monit" });
  if (settings.json) throw usage("monit draws a picture; status prints JSON", { hint: "bs9 status --json" });
  if (settings.quiet) throw usage("monit draws a picture; status prints names", { hint: "bs9 status --quiet" });
  const isOnce = flagOf(options, "once");
  const whyPlain = env["TERM"] === "dumb" ? "TERM=dumb" : isAccessible(env["ACCESSIBLE"]) ? "ACCESSIBLE is set" : null;
  const refreshMs = parsed(options, "refresh", refreshOf) ?? 1000;
  const atMs = parsed(options, "at", clockOrPastTime) ?? null;
  const isPlain = flagOf(options, "plain") || whyPlain !== null;
  if (atMs !== null && atMs > Date.now()) throw usage("--at must be a time in the past", { hint: "bs9 monit --at 10m" });
  if (!isOnce && !isPlain && !terminal.isTerminal)
    throw usage("monit needs a terminal; --once prints one picture, and --plain one line for each change", { hint: "bs9 monit --once" });
  if (!isOnce && !isPlain && terminalSize(0) === null)
    throw usage("monit reads keys, but stdin is not a terminal; --once prints one picture", { hint: "bs9 monit --once" });
  if (!isOnce && isPlain && atMs !== null) {
    const why = whyPlain ?? "--plain prints what changes from now on";
    throw usage(`--at needs --once here, because ${why}`, { hint: "bs9 monit --at 10m --plain --once" });
  }
  return {
    refreshMs,
    isOnce,
    atMs,
    isPlain,
    whyPlain,
    isReadOnly: flagOf(options, "readOnly"),
  };
}

const mostRefreshMs = 3_600_000;

function refreshOf(text: string, what: string): number {
  const ms = parseDuration(text, what);
  if (ms < 1000 || ms > mostRefreshMs) throw usage(`${what} must be from 1 to 3600 seconds (got '${text}')`);
  return ms;
}

const isAccessible = (value: string | undefined): boolean => Boolean(value) && value !== "0" && value !== "false";

async function dashboard(asked: Asked, deps: MonitDeps, context: Context): Promise<void> {
  const [{ Dashboard }, { Screen }] = await Promise.all([import("../monit/dashboard.ts"), import("../monit/screen/screen.ts")]);
  const { terminal, env, paths } = context;
  const alerts = { paths, user: whoActs("monit", env).user };
  const screen = new Screen({
    write: (text) => terminal.write(text),
    hasColour: terminal.style.isColorSupported,
    isSynchronized: env["TERM"] !== "linux",
  });
  const model = await modelFor(asked, context, terminalSize(1) ?? usualSize);
  await new Dashboard(model, { deps, alerts, terminal, screen, atMs: asked.atMs }).run();
}

const usualSize = { columns: 80, rows: 24 };

async function still(asked: Asked, deps: MonitDeps, context: Context): Promise<void> {
  const { stillLines, stillModel } = await import("../monit/still.ts");
  const size = terminalSize(1);
  const columns = Number(context.env["COLUMNS"]);
  const wanted = Number.isInteger(columns) && columns >= 1 && columns <= 1000 ? { ...usualSize, columns } : usualSize;
  const first = await modelFor(asked, context, size ?? wanted);
  const model = await stillModel(first, deps, { atMs: asked.atMs, isWhole: size === null });
  if (model === null)
    throw failed(`nothing is stored of ${new Date(asked.atMs ?? 0).toISOString()}`, { hint: "bs9 monit --at 10m --once, or bs9 doctor" });
  sayWhyPlain(asked, context.terminal);
  print(asked.isPlain ? (await import("../monit/plain.ts")).plainLines(model) : stillLines(model, context.terminal), context.terminal);
}

async function plain(asked: Asked, deps: MonitDeps, { terminal }: Context): Promise<void> {
  const { followPlain } = await import("../monit/plain.ts");
  sayWhyPlain(asked, terminal);
  await followPlain(deps, terminal, asked.refreshMs);
}

function sayWhyPlain({ whyPlain }: Asked, terminal: Terminal): void {
  if (whyPlain !== null) terminal.note(`plain output, because ${whyPlain}`);
}

function print(lines: string[], terminal: Terminal): void {
  for (const line of lines) terminal.print(line);
}

async function modelFor(asked: Asked, { config, env }: Context, size: MonitModel["size"]): Promise<MonitModel> {
  const { firstModel } = await import("../monit/model.ts");
  const { keeping } = config;
  return firstModel({
    size,
    nowMs: Date.now(),
    host: harmless(hostname()).slice(0, 40),
    charset: charsetOf(env),
    isReadOnly: asked.isReadOnly,
    isStill: asked.isOnce,
    refreshMs: asked.refreshMs,
    intervalMs: keeping.intervalMs,
    steps: levelsOf(keeping).map((level) => ({ stepMs: level.stepMs, spanMs: spanOf(level) })),
    hasMouse: true,
  });
}

/** The console of Linux has no braille. A locale that is set and not UTF-8 has ASCII alone; one that is not set says nothing. */
function charsetOf(env: Context["env"]): MonitModel["charset"] {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  if (!/utf-?8/i.test(locale)) return "ascii";
  return env["TERM"] === "linux" ? "blocks" : "braille";
}
