// The endpoint of log lines: a page of lines, searched here and not in the client, with a cursor to the page before.
import { usage } from "../../base/errors.ts";
import { levelNamed, levelOf, levels } from "../../logs/level.ts";
import { type LogQuery, logLineOf, type RawLine } from "../../logs/query.ts";
import { jsonAnswer, problem } from "../problem.ts";
import { Quota } from "../quota.ts";
import type { Endpoint } from "../route.ts";
import type { WebSource } from "../source.ts";
import { serviceNamesIn, timeField, timeIn, wholeIn } from "../values.ts";
import { type ReadRange, searchBackwards, timeLimit } from "./log-search.ts";

const [usualLines, maxLines] = [200, 1000];
const maxSearchMs = 8000;
const searches = { total: 6, viewers: 4, each: 3 };
const maxTextLength = 200;
/** The part of a line that is searched and returned. */
const maxLineLength = 16 * 1024;
/** What one search may hold: the more lines it asks for, the shorter the messages are cut. */
const maxHeldLength = 8 * 1024 * 1024;

export function logEndpoint(source: WebSource, now: () => number): Endpoint {
  const places = new Quota(searches);
  return {
    summary: "log lines of services, the oldest first: the last ones of the range, or those around a time",
    query: {
      services: { text: "names of services, separated by commas (default all)", schema: { type: "string" } },
      q: {
        text: "only lines that contain this text; letters match in upper and lower case",
        schema: { type: "string", maxLength: maxTextLength },
      },
      level: { text: "only lines of this level and above", schema: { type: "string", enum: [...levels] } },
      since: timeField("only lines since this time"),
      until: timeField("only lines up to this time"),
      around: timeField("the lines before and after this time"),
      limit: { text: `the number of lines (default ${usualLines})`, schema: { type: "integer", minimum: 1, maximum: maxLines } },
      cursor: { text: "`older` of the previous answer", schema: { type: "string", maxLength: 100 } },
    },
    type: "application/json",
    answers: {
      type: "object",
      required: ["lines", "older", "complete"],
      properties: {
        lines: { type: "array", items: { type: "object" } },
        older: {
          type: ["string", "null"],
          description: "the cursor of the page before, or of the rest of a search that was not complete; null if there is none",
        },
        complete: { type: "boolean", description: `false if the search ended after ${maxSearchMs / 1000} s` },
      },
    },
    fails: [429],
    isSlow: true,
    answer: async ({ query, signal, access }) => {
      const wanted = wantedOf(query, source.names(), now());
      const free = access === null ? null : places.take(access);
      if (free === null) return problem(429, "too many log searches at the same time", { "Retry-After": "1" });
      using limit = timeLimit(signal, maxSearchMs);
      try {
        return jsonAnswer(await pageOf(wanted, source, now(), limit.signal));
      } finally {
        free();
      }
    },
  };
}

type Cursor = { atMs: number; skip: number };
type WantedLines = {
  services: string[];
  sinceMs: number | null;
  untilMs: number | null;
  aroundMs: number | null;
  cursor: Cursor | null;
  limit: number;
  /** Not every line is wanted, so that it may take long to find one. */
  isFiltered: boolean;
  accept: (raw: RawLine) => boolean;
};

function wantedOf(query: URLSearchParams, defined: string[], nowMs: number): WantedLines {
  const services = serviceNamesIn(query, "services") ?? defined;
  const unknown = services.find((name) => !defined.includes(name));
  if (unknown !== undefined) throw usage(`there is no service named '${unknown}'`);
  const aroundMs = timeIn(query, "around", nowMs);
  const [sinceMs, untilMs] = [timeIn(query, "since", nowMs), timeIn(query, "until", nowMs)];
  const cursor = cursorIn(query.get("cursor"));
  if (aroundMs !== null && (sinceMs ?? untilMs ?? cursor) !== null) throw usage("around cannot be combined with since, until or cursor");
  const limit = wholeIn(query, "limit", [1, maxLines]) ?? usualLines;
  const [text, level] = [query.get("q") ?? "", query.get("level") ?? ""];
  return { services, sinceMs, untilMs, aroundMs, cursor, limit, isFiltered: text + level !== "", accept: filterOf(text, level) };
}

/** A plain text takes linear time; a regular expression of a client could stop the server. */
function filterOf(text: string, levelText: string): (raw: RawLine) => boolean {
  if (text.length > maxTextLength) throw usage(`q must not have more than ${maxTextLength} characters`);
  const level = levelText === "" ? undefined : levelNamed(levelText);
  if (levelText !== "" && level === undefined) throw usage(`level must be one of ${levels.join(", ")}`);
  const least = level === undefined ? 0 : levels.indexOf(level);
  const sought = text.toLowerCase();
  return ({ priority, message }) =>
    (least === 0 || levels.indexOf(levelOf(priority, message).level) >= least) &&
    (sought === "" || Bun.stripANSI(message.slice(0, maxLineLength)).toLowerCase().includes(sought));
}

type Page = { lines: object[]; older: string | null; complete: boolean };

async function pageOf(wanted: WantedLines, source: WebSource, nowMs: number, signal: AbortSignal): Promise<Page> {
  const { services, sinceMs, aroundMs, cursor, limit, accept } = wanted;
  const read = async (range: Pick<LogQuery, "lines" | "sinceMs" | "untilMs">, most: number, ends: AbortSignal) => {
    const found: RawLine[] = [];
    if (services.length === 0) return found;
    const maxMessageLength = Math.min(maxLineLength, Math.floor(maxHeldLength / (range.lines ?? most)));
    for await (const raw of await source.logs({ services, follow: false, accept, maxMessageLength, ...range }, ends)) {
      found.push(raw);
      if (found.length >= most) break;
    }
    return found;
  };
  const before = aroundMs === null ? limit : Math.ceil(limit / 2);
  const skip = cursor?.skip ?? 0;
  const untilMs = aroundMs === null ? (cursor?.atMs ?? wanted.untilMs) : aroundMs - 1;
  const range = { lines: before + skip, sinceMs, untilMs };
  const readPast: ReadRange = (piece, ends) => read(piece, Number.POSITIVE_INFINITY, ends);
  // Without a filter the last lines are found at once.
  const { found, searchedFromMs } = wanted.isFiltered
    ? await searchBackwards({ ...range, nowMs }, readPast, signal)
    : { found: await readPast(range, signal), searchedFromMs: null };
  // The lines of the cursor's own millisecond that the previous answer already contained come last.
  const past = found.slice(0, Math.max(0, found.length - skip));
  const first = past[0];
  const isMore = past.length >= before && first !== undefined;
  const future =
    aroundMs === null || limit === before ? [] : await read({ lines: null, sinceMs: aroundMs, untilMs: null }, limit - before, signal);
  // A search that ended before its first piece was read begins there again.
  const goesOn = searchedFromMs === null ? null : searchedFromMs === untilMs ? `${searchedFromMs}-${skip}` : `${searchedFromMs}-0`;
  return {
    lines: [...past, ...future].map((raw) => logLineOf({ ...raw, message: raw.message.slice(0, maxLineLength) })),
    older: isMore ? cursorOf(first.atMs, found) : aroundMs === null ? goesOn : null,
    complete: !signal.aborted,
  };
}

/** Several lines may have the same time, so the cursor counts how many lines of that time were returned. */
function cursorOf(atMs: number, found: RawLine[]): string {
  const skip = found.filter((raw) => raw.atMs === atMs).length;
  return skip > maxSkip ? `${atMs - 1}-0` : `${atMs}-${skip}`;
}

function cursorIn(text: string | null): Cursor | null {
  if (text === null || text === "") return null;
  const [, atMs, skip] = /^(\d{1,15})-(\d{1,7})$/.exec(text) ?? [];
  if (atMs === undefined || skip === undefined || Number(skip) > maxSkip) throw usage("the cursor is not one of an earlier answer");
  return { atMs: Number(atMs), skip: Number(skip) };
}

/** Paging goes on with the millisecond before where one millisecond has more lines than this. */
const maxSkip = 20_000;
