// bs9 logs: prints the log lines of services unchanged; those of several services are merged by time.

import type { LogQuery } from "../backend/backend.ts";
import { usage } from "../base/errors.ts";
import { interruptedBy } from "../base/interrupt.ts";
import { parseWhole } from "../base/quantities.ts";
import type { Context } from "../context.ts";
import { lineFilter } from "../logs/query.ts";
import { jsonLine, textLines } from "../logs/render.ts";
import { noticeLine } from "../render/notice-line.ts";
import { pickTargets } from "../service/targets.ts";
import type { Command, OptionValues, Words } from "./command.ts";
import { flagOf, parsed, textOf } from "./options.ts";
import { pastTime } from "./past-time.ts";

const defaultLines = 50;

export const logsCommand: Command = {
  name: "logs",
  synopsis: "[TARGET…]",
  summary: "log lines of services, merged in order of time",
  options: [
    { flags: "-f, --follow", text: "keep printing new lines as they arrive" },
    { flags: "-n, --lines <n>", text: "the last n lines (default 50; all lines with --since)" },
    { flags: "--since <time>", text: "only lines since this time: 10m for ten minutes ago, or a date such as 2026-01-31T12:00:00Z" },
    { flags: "--until <time>", text: "only lines up to this time, written as for --since" },
    { flags: "--grep <regexp>", text: "only lines that match this regular expression" },
    {
      flags: "--level <level>",
      text: "only lines of this level and above: debug, info, warn, error",
      values: ["debug", "info", "warn", "error"],
    },
    { flags: "--no-time", text: "do not print the local time before each line" },
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
    // Finding notices may take two seconds, and with --follow lines must not wait for that.
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
  const sinceMs = parsed(options, "since", pastTime) ?? null;
  const untilMs = parsed(options, "until", pastTime) ?? null;
  if (sinceMs !== null && untilMs !== null && untilMs < sinceMs) throw usage("--until is before --since");
  const lines = parsed(options, "lines", (text, what) => parseWhole(text, what, 0, 10_000_000)) ?? (sinceMs === null ? defaultLines : null);
  const grep = textOf(options, "grep");
  const level = textOf(options, "level");
  const accept = lineFilter({ ...(grep === undefined ? {} : { grep }), ...(level === undefined ? {} : { level }) });
  return { services, lines, sinceMs, untilMs, follow: flagOf(options, "follow"), accept };
}
