// bs9 export: writes the stored samples as JSON, CSV, OpenMetrics or a page with charts to stdout or to a file. It needs only metrics.db.
import { hostname } from "node:os";
import { usage } from "../base/errors.ts";
import { writeWholeFrom } from "../base/files.ts";
import { formatBytes } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import type { Keeping } from "../config/keeping.ts";
import type { Context } from "../context.ts";
import { hostName, kindOf } from "../metrics/subject.ts";
import { noSuchService } from "../service/targets.ts";
import { openMetrics } from "../storage/export/openmetrics.ts";
import { rowsAsCsv, rowsAsJson } from "../storage/export/text.ts";
import { levelsOf, spanOf } from "../storage/levels.ts";
import type { Point, Range, StorageRow } from "../storage/storage.ts";
import type { Command, Result, Words } from "./command.ts";
import { countRow, type Tally, tallied, unhurried } from "./export-rows.ts";
import { fileFor } from "./export-target.ts";
import { choiceOf, parsed, textOf } from "./options.ts";

const formats = { json: rowsAsJson, csv: rowsAsCsv, openmetrics: openMetrics };
const formatNames = ["json", "csv", "openmetrics", "html"] as const satisfies (keyof typeof formats | "html")[];
const hourMs = 3_600_000;

type Asked = { format: (typeof formatNames)[number]; hours: number; service: string | null; file: string | null };

export const exportCommand: Command = {
  name: "export",
  synopsis: "",
  summary: "export the stored samples of services and of the host, for other programs",
  options: [
    { flags: "--format <format>", text: "json (default), csv, openmetrics or html", values: [...formatNames] },
    { flags: "--hours <n>", text: "only the samples of the last n hours (default 24)" },
    { flags: "--service <name>", text: `only the samples of this service; ${hostName} means the host` },
    { flags: "--output <file>", text: "write to a file, which is replaced only when the export is complete" },
  ],
  examples: [
    "bs9 export --format csv > samples.csv",
    "bs9 export --service web --hours 0.5",
    "bs9 export --service bs9-host --format csv",
    "bs9 export --format openmetrics --output web.om",
    "bs9 export --format html --hours 168 --output week.html",
  ],
  exits: [1, 4, 130],
  async run(given, context) {
    const asked = askedOf(given, context);
    await checkService(asked.service, context);
    const nowMs = Date.now();
    const range = { fromMs: Math.floor(nowMs - asked.hours * hourMs), toMs: nowMs + 1 };
    const tally: Tally = { rows: 0, services: new Set(), fromMs: null, toMs: null };
    const rows = tallied(context.storage.rows(range, asked.service), tally, context.signal);
    const result = await act(asked, { range, rows, tally }, context);
    if (tally.rows === 0 && !context.settings.quiet) await sayWhyNone(asked, context);
    return result;
  },
};

type Exported = { range: Range; rows: AsyncIterable<StorageRow>; tally: Tally };

/** The text of the export, in pieces. A page has fewer points than the other formats, and reads them by itself. */
async function* piecesOf({ format, service }: Asked, { range, rows, tally }: Exported, { storage, paths }: Context): AsyncIterable<string> {
  if (format !== "html") {
    yield* formats[format](rows, kindOf(service ?? ""), paths.cache);
    return;
  }
  const { reportPieces } = await import("../web/report.ts");
  const onPoints = (subject: string, points: readonly Point[]) => {
    for (const { atMs } of points) countRow(tally, subject, atMs);
  };
  yield* reportPieces({ storage, range, subject: service, host: hostname(), onPoints });
}

async function act(asked: Asked, exported: Exported, context: Context): Promise<Result | null> {
  const { file } = asked;
  const { rows, tally } = exported;
  const { settings, terminal, signal } = context;
  const pieces = unhurried(piecesOf(asked, exported, context), signal);
  if (file !== null) return fileResult(asked, file, await writeWholeFrom(file, pieces, 0o600), tally);
  if (settings.quiet && !settings.json) {
    for await (const _ of rows);
    const names = [...tally.services];
    return { value: names, names, text: () => names };
  }
  for await (const piece of pieces) {
    terminal.write(piece);
    if (!(await terminal.flow())) break;
  }
  // If stdout is a file on a full disk, flow() throws after the last write, so that nobody takes the file for complete.
  await terminal.drained();
  await terminal.flow();
  return null;
}

function fileResult({ format }: Asked, file: string, bytes: number, { rows, services, fromMs, toMs }: Tally): Result {
  const [from, to] = [fromMs, toMs].map((atMs) => (atMs === null ? null : new Date(atMs).toISOString()));
  const size = `${rows} ${rows === 1 ? "row" : "rows"}, ${formatBytes(bytes)}`;
  return {
    value: { file, format, rows, bytes, services: services.size, from, to },
    names: [...services],
    text: () => [`${harmless(file)}: ${size}${from === null ? "" : `, from ${from} to ${to}`}`],
  };
}

function askedOf({ words, options }: Words, { settings, cwd, config }: Context): Asked {
  if (words.length > 0) throw usage("export takes options only", { hint: `bs9 export --service ${words[0]}` });
  const format = choiceOf(options, "format", formatNames) ?? "json";
  const output = textOf(options, "output");
  if (settings.json && format !== "json" && output === undefined)
    throw usage(`--json and --format ${format} contradict each other: --json prints JSON`, { hint: `bs9 export --format ${format}` });
  return {
    format,
    hours: parsed(options, "hours", (text, what) => hoursOf(text, what, config.keeping)) ?? 24,
    service: textOf(options, "service") ?? null,
    file: output === undefined ? null : fileFor(output, cwd),
  };
}

/** Parses the number of hours; the limit is the longest time for which any samples are stored. */
function hoursOf(text: string, what: string, keeping: Keeping): number {
  const most = Math.max(...levelsOf(keeping).map(spanOf)) / hourMs;
  const hours = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (hours > 0 && hours <= most) return hours;
  throw usage(`${what} must be a number above 0 and at most ${most}, because older samples are not stored (got '${text}')`);
}

/** Throws if the service is unknown. A deleted service is known while its samples are stored. */
async function checkService(service: string | null, { registry, storage }: Context): Promise<void> {
  if (service === null || service === hostName) return;
  const known = [...new Set([...registry.names(), ...(await storage.services())])].sort();
  if (!known.includes(service)) throw noSuchService(service, known);
}

async function sayWhyNone({ service, hours }: Asked, { storage, terminal }: Context): Promise<void> {
  const kept = service === hostName ? [...((await storage.newest(hostName))?.points.keys() ?? [])] : await storage.services();
  const of = service === null ? "" : ` of ${service}`;
  const isAny = service === null ? kept.length > 0 : kept.includes(service);
  terminal.note(isAny ? `no samples${of} from the last ${hours} h` : `no samples${of} yet: the agent takes samples while a service runs`);
  terminal.note(`Try: ${isAny ? "bs9 export --hours N, or " : kept.length === 0 ? "bs9 start app.ts, or " : ""}bs9 doctor`);
}
