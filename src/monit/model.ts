// What the dashboard knows at one moment: plain values, from which the view draws and which only `update` changes.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import type { LogLevel } from "../logs/level.ts";
import type { Observed, Snapshot } from "../status/schema.ts";

export type Size = { columns: number; rows: number };

/** How the terminal can show signs and charts: braille, block elements, or ASCII alone. */
export type Charset = "braille" | "blocks" | "ascii";

export type SortKey =
  | "bad"
  | "name"
  | "state"
  | "health"
  | "sandbox"
  | "cpu"
  | "memory"
  | "restarts"
  | "uptime"
  | "tasks"
  | "requests"
  | "errors"
  | "latency";

export type ChartPoint = {
  atMs: number;
  /** The value holds for this long; after that there is a gap unless another point follows. */
  holdMs: number;
  cpuPercent: number | null;
  memoryBytes: number | null;
  restarted: boolean;
};

export type MonitLine = { atMs: number; level: LogLevel; text: string; isFromBs9: boolean };

export type PastEvent = { atMs: number; text: string };

export type ServiceAct = "start" | "stop" | "restart";

/** The state of the services at a stored step of the history. */
export type PastMoment = { atMs: number; widthMs: number; services: Observed[]; host: Snapshot["host"]; alerts: AlertNow[] };

export type Dialog =
  | { kind: "confirm"; act: ServiceAct; names: string[]; isYes: boolean }
  | { kind: "menu"; typed: string; at: number }
  | { kind: "silence"; names: string[]; at: number }
  | { kind: "text"; title: string; lines: string[]; top: number };

/** A line in which the user types: what each field is for says `kind`. */
export type Prompt = { kind: "filter" | "search" | "only"; text: string };

export type Pane = "table" | "detail" | "log";

export type LogState = {
  /** The service whose lines these are, and the end of the lines where an earlier moment is shown. */
  name: string | null;
  lines: MonitLine[];
  /** False until the lines that already exist have been read. */
  isRead: boolean;
  /** Why the log cannot be read; null where it can. */
  trouble: string | null;
  isFollowing: boolean;
  /** Lines that came since the user scrolled up. */
  unseen: number;
  /** Index of the first line on the full screen while it does not follow. */
  top: number;
  /** How many rows of that line are above the screen; only a wrapped line has several. */
  skip: number;
  /** The first column that is shown of lines that are not wrapped. */
  left: number;
  search: string;
  only: string;
  /** Index in `leastLevels`. */
  least: number;
  /** Older lines are not shown; 0 shows all. */
  fromMs: number;
  hasTime: boolean;
  isWrapped: boolean;
};

export const leastLevels = ["trace", "info", "warn", "error"] as const satisfies LogLevel[];

export type MonitModel = {
  size: Size;
  nowMs: number;
  host: string;
  charset: Charset;
  isReadOnly: boolean;
  /** The picture is printed once, so that it needs no keys. */
  isStill: boolean;
  refreshMs: number;
  /** The time between two stored samples. */
  intervalMs: number;
  /** How far back each resolution of the history reaches, the finest first. */
  steps: readonly { stepMs: number; spanMs: number }[];
  /** Null until the first event. */
  snapshot: Snapshot | null;
  /** Why services are not well, by name. */
  reasons: ReadonlyMap<string, string | null>;
  /** The screen shows this instead of what happens now. */
  frozen: { snapshot: Snapshot; atMs: number } | null;
  moment: PastMoment | null;
  /** The moment that is being read, and how often a key of time was pressed in a row. */
  travel: { wantedMs: number | null; pressedMs: number; presses: number };
  sort: { key: SortKey; isReversed: boolean };
  filter: string;
  onlyUnwell: boolean;
  /** The services in the order of the table, filtered. */
  rows: Observed[];
  selected: string | null;
  /** Index of the first row on the screen. */
  top: number;
  marked: ReadonlySet<string>;
  view: "main" | "logs";
  focus: Pane;
  /** The focused pane fills the screen. */
  isMaximised: boolean;
  prompt: Prompt | null;
  dialog: Dialog | null;
  rangeMs: number;
  chart: { name: string | null; points: ChartPoint[]; readMs: number };
  log: LogState;
  events: { name: string | null; list: PastEvent[] };
  /** A sentence in the last row, until a time. */
  said: { text: string; isError: boolean; untilMs: number } | null;
  /** Acts that have not ended, as sentences. */
  busy: readonly string[];
  hasMouse: boolean;
};

const minuteMs = 60_000;

/** For how long alerts of a service are silenced: what `z` offers. */
export const silenceChoices = [
  { words: "1 hour", lastsMs: 60 * minuteMs },
  { words: "4 hours", lastsMs: 240 * minuteMs },
  { words: "24 hours", lastsMs: 1440 * minuteMs },
  { words: "end the silence", lastsMs: null },
] as const;

export const chartRanges = [1, 5, 15, 60, 360, 1440, 10_080, 43_200].map((minutes) => minutes * minuteMs);
export const usualRangeMs = 60 * minuteMs;

export const emptyLog: LogState = {
  name: null,
  lines: [],
  isRead: false,
  trouble: null,
  isFollowing: true,
  unseen: 0,
  top: 0,
  skip: 0,
  left: 0,
  search: "",
  only: "",
  least: 0,
  fromMs: 0,
  hasTime: true,
  isWrapped: false,
};

export type MonitStart = Pick<
  MonitModel,
  "size" | "nowMs" | "host" | "charset" | "isReadOnly" | "isStill" | "refreshMs" | "intervalMs" | "steps" | "hasMouse"
>;

export function firstModel(start: MonitStart): MonitModel {
  return {
    ...start,
    snapshot: null,
    reasons: new Map(),
    frozen: null,
    moment: null,
    travel: { wantedMs: null, pressedMs: 0, presses: 0 },
    sort: { key: "bad", isReversed: false },
    filter: "",
    onlyUnwell: false,
    rows: [],
    selected: null,
    top: 0,
    marked: new Set(),
    view: "main",
    focus: "table",
    isMaximised: false,
    prompt: null,
    dialog: null,
    rangeMs: usualRangeMs,
    chart: { name: null, points: [], readMs: 0 },
    log: emptyLog,
    events: { name: null, list: [] },
    said: null,
    busy: [],
  };
}

/** The services that the screen shows: of a stored moment, of the time when it was frozen, or of now. */
export function shownServices({ moment, frozen, snapshot }: MonitModel): Observed[] {
  return moment?.services ?? (frozen?.snapshot ?? snapshot)?.services ?? [];
}

export function selectedRow(model: MonitModel): Observed | null {
  return model.rows.find(({ status }) => status.name === model.selected) ?? null;
}
