// bs9 logs: what services say, as it was written, several at once in order of time.

import type { LogQuery } from "../backend/backend.ts";
import { usage } from "../base/errors.ts";
import { interruptedBy } from "../base/interrupt.ts";
import { parseDuration, parseWhole } from "../base/quantities.ts";
import type { Context } from "../context.ts";
import { lineFilter } from "../logs/query.ts";
import { jsonLine, textLines } from "../logs/render.ts";
import { noticeLine } from "../render/notice-line.ts";
import { pickTargets } from "../service/targets.ts";
import type { Command, OptionValues, Words } from "./command.ts";
import { flagOf, parsed, textOf } from "./options.ts";

const defaultLines = 50;

export const logsCommand: Command = {
  name: "logs",
  synopsis: "[TARGET…]",
  summary: "log lines of services, merged in order of time",
  options: [
    { flags: "-f, --follow", text: "wait for new lines" },
    { flags: "-n, --lines <n>", text: "the last n lines (default 50; without limit where --since is given)" },
    { flags: "--since <time>", text: "from 10m ago, or from 2026-01-31T12:00:00Z on" },
    { flags: "--until <time>", text: "up to a time, written like --since" },
    { flags: "--grep <regexp>", text: "only lines that match" },
    { flags: "--level <level>", text: "this level and above: debug, info, warn, error", values: ["debug", "info", "warn", "error"] },
    { flags: "--no-time", text: "without the local time in front of each line" },
  ],
  examples: ["bs9 logs web", "bs9 logs web api -f", "bs9 logs --since 10m --level error", "bs9 logs web --grep 'GET /.* 5..' --json"],
  exits: [1, 4, 5, 130],
  async run(given: Words, context: Context): Promise<null> {
    const { terminal, settings, signal } = context;
    await context.settle();
    const defined = context.registry.names();
    const services = given.words.length === 0 ? defined : pickTargets(given.words, defined);
    const query = queryOf(given.options, services);
    const deps = await context.prepare();
    if (services.length === 0) terminal.note("No services. Start one: bs9 start app.ts");
    const render = settings.json
      ? jsonLine
      : textLines(services, { colour: terminal.style.isColorSupported, time: given.options["time"] !== false });
    const tell = async (fromMs: number) => {
      for (const notice of await deps.backend.logNotices({ services, fromMs, toMs: query.untilMs }, signal))
        terminal.note(`${terminal.noteStyle.yellow("note:")} ${noticeLine(notice)}`);
    };
    // Notices may take two seconds to find: lines that are awaited do not wait for them.
    const told = query.follow ? tell(Date.now()) : null;
    let firstMs: number | null = null;
    for await (const record of deps.backend.logs(query, signal)) {
      firstMs ??= record.atMs;
      terminal.print(render(record));
      if (!(await terminal.flow())) return null;
    }
    await (told ?? tell(query.sinceMs ?? firstMs ?? Date.now()));
    interruptedBy(signal);
    return null;
  },
};

function queryOf(options: OptionValues, services: string[]): LogQuery {
  const sinceMs = parsed(options, "since", timeOf) ?? null;
  const untilMs = parsed(options, "until", timeOf) ?? null;
  if (sinceMs !== null && untilMs !== null && untilMs < sinceMs) throw usage("--until lies before --since");
  const lines = parsed(options, "lines", (text, what) => parseWhole(text, what, 0, 10_000_000)) ?? (sinceMs === null ? defaultLines : null);
  const grep = textOf(options, "grep");
  const level = textOf(options, "level");
  const accept = lineFilter({ ...(grep === undefined ? {} : { grep }), ...(level === undefined ? {} : { level }) });
  return { services, lines, sinceMs, untilMs, follow: flagOf(options, "follow"), accept };
}

/** A time ago (`10m`), or a date as ISO 8601 has it; without a zone it is local. */
function timeOf(text: string, what: string): number {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = isDay(text) ? Date.parse(text.replace(/^(\S+) (\S+)$/, "$1T$2")) : Number.NaN;
    if (Number.isNaN(at)) throw usage(`${what} cannot be '${text}': there is no such date`);
    return at;
  }
  return Date.now() - parseDuration(text, what);
}

/** Date.parse() takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text)?.map(Number) ?? [];
  return year === undefined || new Date(Date.UTC(year, (month ?? 0) - 1, day)).getUTCDate() === day;
}
