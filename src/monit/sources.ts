// Reads what the dashboard shows beside the present state: logs, what happened to a service, and the stored history.
import type { AlertEvent } from "../alerting/message.ts";
import type { Backend } from "../backend/backend.ts";
import { reasonOf } from "../base/errors.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { levelOf } from "../logs/level.ts";
import type { RawLine } from "../logs/query.ts";
import type { StorageReader } from "../storage/storage.ts";
import type { TrailRecord } from "../trail/record.ts";
import type { ChartPoint, MonitLine, PastEvent } from "./model.ts";

export type SourceDeps = {
  backend: Pick<Backend, "logs">;
  storage: StorageReader;
  trail: { records(): Iterable<TrailRecord> };
  /** The alerts that were told, the oldest first. */
  alertHistory(): AlertEvent[];
};

/** What the dashboard gets: all that acts need, and where it reads the past. */
export type MonitDeps = Deps & SourceDeps;

/** The lines that are read before the ones that come; the full screen scrolls back through them. */
const firstLines = 1000;
/** A line may have a megabyte; no screen shows more of it than this. */
const maxLineLength = 4096;
const maxPartsOfLine = 50;
/** Lines that come within this time are shown together. */
const gatherMs = 50;
/** A program that writes faster than this is shown with its newest lines. */
const maxGathered = 2000;

/** Reads the log of a service, and keeps reading new lines unless it ends at `untilMs`. Gives the lines in groups. */
export async function followLog(
  name: string,
  untilMs: number | null,
  { backend }: Pick<SourceDeps, "backend">,
  signal: AbortSignal,
  give: (lines: MonitLine[], isRead: boolean, trouble: string | null) => void,
): Promise<void> {
  let waiting: MonitLine[] = [];
  let timer: NodeJS.Timeout | null = null;
  let isRead = false;
  const flush = (trouble: string | null = null) => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const lines = waiting.splice(0);
    if (!signal.aborted) give(lines, isRead, trouble);
  };
  const caughtUp = () => {
    isRead = true;
    flush();
  };
  const query = { services: [name], lines: firstLines, sinceMs: null, untilMs, follow: untilMs === null, caughtUp };
  try {
    for await (const raw of backend.logs(query, signal)) {
      waiting.push(...linesOf(raw));
      if (waiting.length > 2 * maxGathered) waiting = waiting.slice(-maxGathered);
      timer ??= setTimeout(() => flush(), gatherMs);
    }
    isRead = true;
    flush();
  } catch (error) {
    isRead = true;
    flush(`the log cannot be read: ${reasonOf(error)}`);
  }
}

/** The level has a column of its own, so that the word need not be said twice. */
const leadingLevel = /^(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b:? +(?=\S)/;

function linesOf({ atMs, priority, message, stream }: RawLine): MonitLine[] {
  const { level, message: said, fields } = levelOf(priority, message.slice(0, 16 * maxLineLength));
  const words = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [said.replace(leadingLevel, ""), ...words]
    .join(" ")
    .replace(/[\r\n]+$/, "")
    .split(/\r?\n/, maxPartsOfLine)
    .map((line) => ({ atMs, level, text: Bun.stripANSI(line.slice(0, maxLineLength)), isFromBs9: stream === "bs9" }));
}

const maxEvents = 40;
const trailForMs = 5000;
/** After this many records of the trail the keyboard is served. */
const recordsAtOnce = 100;
const keptActs = 5000;

type TrailAct = { atMs: number; targets: string[]; text: string };

/** Reads what happened to a service: the reports of the backend, alerts, and the acts in the trail; the newest first. */
export class PastReader {
  readonly #deps: SourceDeps;
  #acts: { readMs: number; list: Promise<TrailAct[]> } | null = null;

  constructor(deps: SourceDeps) {
    this.#deps = deps;
  }

  async read(name: string, untilMs: number | null, signal: AbortSignal): Promise<PastEvent[]> {
    const list: PastEvent[] = [];
    const query = { services: [name], lines: maxEvents, sinceMs: null, untilMs, follow: false, eventsOnly: true };
    try {
      for await (const { atMs, message } of this.#deps.backend.logs(query, signal)) list.push({ atMs, text: message });
    } catch (error) {
      list.push({ atMs: untilMs ?? Date.now(), text: `the reports cannot be read: ${reasonOf(error)}` });
    }
    let alerts: TrailAct[] = [];
    try {
      alerts = this.#deps
        .alertHistory()
        .map(({ atMs, subject, kind, sentence }) => ({ atMs, targets: [subject], text: `alert ${kind}: ${sentence}` }));
    } catch (error) {
      list.push({ atMs: untilMs ?? Date.now(), text: `the alerts cannot be read: ${reasonOf(error)}` });
    }
    const acts = [...(await this.#trail()), ...alerts];
    const ofService = acts.filter(({ targets, atMs }) => targets.includes(name) && (untilMs === null || atMs <= untilMs));
    return [...list, ...ofService].sort((a, b) => b.atMs - a.atMs).slice(0, maxEvents);
  }

  #trail(): Promise<TrailAct[]> {
    if (this.#acts === null || performance.now() - this.#acts.readMs > trailForMs)
      this.#acts = { readMs: performance.now(), list: this.#readTrail() };
    return this.#acts.list;
  }

  async #readTrail(): Promise<TrailAct[]> {
    const acts: TrailAct[] = [];
    try {
      let count = 0;
      for (const { at, who, act, targets, result } of this.#deps.trail.records()) {
        const by = who.origin === "cli" ? who.user : `${who.user} (${who.origin})`;
        const failure = result.outcome === "failed" ? `, failed: ${result.message ?? "see bs9 history"}` : "";
        acts.push({ atMs: Date.parse(at), targets, text: `${by}: bs9 ${act}${failure}` });
        if (++count % recordsAtOnce === 0) await Bun.sleep(0);
      }
    } catch {
      // `bs9 history` says why the trail cannot be read; the other events are shown without it.
    }
    return acts.slice(-keptActs);
  }
}

/** The number of steps of a chart: more than the widest screen has columns would not be seen. */
const chartSteps = 240;

/** The stored samples of a service as points of its charts. */
export async function storedPoints(
  name: string,
  { toMs, rangeMs, intervalMs }: { toMs: number; rangeMs: number; intervalMs: number },
  { storage }: Pick<SourceDeps, "storage">,
): Promise<ChartPoint[]> {
  const stepMs = Math.max(1000, Math.floor(rangeMs / chartSteps));
  const points = await storage.series(name, { fromMs: toMs - rangeMs, toMs }, stepMs);
  return points.map((point) => ({
    atMs: point.atMs,
    holdMs: 1.5 * Math.max(stepMs, point.samples * intervalMs),
    // The greatest value, because a mean would hide a short peak.
    cpuPercent: point.cpuPercentMax ?? point.cpuPercent ?? null,
    memoryBytes: point.memoryBytesMax ?? point.memoryBytes ?? null,
    restarted: (point.restarted ?? 0) > 0,
  }));
}
