// The columns of the table: which fit at a width, and what their cells say. Pure.
import { formatAge, formatBytes } from "../../base/quantities.ts";
import type { Observed } from "../../status/schema.ts";
import type { Area } from "../layout.ts";
import type { Charset, MonitModel, SortKey } from "../model.ts";
import { ink } from "../screen/ink.ts";

type Status = Observed["status"];
export type TableCell = { text: string; look: number };

export type TableColumn = {
  key: Exclude<SortKey, "bad">;
  title: string;
  width: number;
  /** The letter of the title that sorts by the column, with Shift. */
  letter: string;
  isRight: boolean;
  /** The narrowest screen that has the column. */
  fromWidth: number;
  cell(status: Status, charset: Charset): TableCell;
};

const plain = (text: string): TableCell => ({ text, look: text === "-" ? ink.dim : ink.plain });
const figure = (value: number | null | undefined, digits: number): string => (value == null ? "-" : value.toFixed(digits));

const columns: TableColumn[] = [
  { key: "name", title: "NAME", width: 0, letter: "N", isRight: false, fromWidth: 0, cell: ({ name }) => ({ text: name, look: ink.bold }) },
  {
    key: "state",
    title: "STATE",
    width: 12,
    letter: "S",
    isRight: false,
    fromWidth: 60,
    cell: ({ state }) => ({ text: stateText(state), look: stateLook(state) }),
  },
  { key: "health", title: "HEALTH", width: 9, letter: "H", isRight: false, fromWidth: 80, cell: healthCell },
  { key: "sandbox", title: "SANDBOX", width: 9, letter: "", isRight: false, fromWidth: 100, cell: sandboxCell },
  { key: "cpu", title: "CPU%", width: 6, letter: "C", isRight: true, fromWidth: 0, cell: ({ cpuPercent }) => plain(figure(cpuPercent, 1)) },
  { key: "memory", title: "MEM/MAX", width: 10, letter: "M", isRight: true, fromWidth: 0, cell: memoryCell },
  { key: "restarts", title: "RST", width: 4, letter: "R", isRight: true, fromWidth: 80, cell: restartsCell },
  {
    key: "uptime",
    title: "UPTIME",
    width: 6,
    letter: "U",
    isRight: true,
    fromWidth: 60,
    cell: ({ uptimeMs }) => plain(uptimeMs === null ? "-" : formatAge(uptimeMs)),
  },
  { key: "tasks", title: "TASKS", width: 5, letter: "", isRight: true, fromWidth: 100, cell: ({ tasks }) => plain(figure(tasks, 0)) },
  {
    key: "requests",
    title: "REQ/S",
    width: 6,
    letter: "Q",
    isRight: true,
    fromWidth: 80,
    cell: ({ requests }) => plain(figure(requests?.perSecond, 1)),
  },
  { key: "errors", title: "ERR%", width: 5, letter: "E", isRight: true, fromWidth: 100, cell: errorsCell },
  {
    key: "latency",
    title: "P95",
    width: 6,
    letter: "L",
    isRight: true,
    fromWidth: 100,
    cell: ({ requests }) => plain(requests === null ? "-" : latency(requests.p95Ms)),
  },
];

/** The first of these columns that is there leaves when the name would get too little room. */
const leaving: SortKey[] = ["latency", "errors", "tasks", "sandbox", "requests", "restarts", "uptime", "health", "state"];
const leastName = 14;
/** The cursor, the sign of the state, and a blank after each. */
const marginWidth = 4;
const gap = 2;

/** The columns that fit, with the width of the name. */
export function columnsFor({ snapshot, size, rows }: Pick<MonitModel, "snapshot" | "size" | "rows">, width: number): TableColumn[] {
  const hasRequests = [rows, snapshot?.services ?? []].some((services) => services.some(({ status }) => status.requests !== null));
  const isOfRequests = (key: SortKey) => key === "requests" || key === "errors" || key === "latency";
  let shown = columns.filter(({ key, fromWidth }) => size.columns >= fromWidth && (hasRequests || !isOfRequests(key)));
  const longest = rows.reduce((most, { status }) => Math.max(most, status.name.length), 4);
  const nameWidth = () => width - marginWidth - shown.reduce((sum, one) => sum + (one.width === 0 ? 0 : one.width + gap), 0);
  for (const key of leaving) {
    if (nameWidth() >= Math.min(leastName, longest)) break;
    shown = shown.filter((one) => one.key !== key);
  }
  return shown.map((one) => (one.width === 0 ? { ...one, width: Math.max(4, nameWidth()) } : one));
}

/** Where each column begins in the table. */
export function placesOf(shown: TableColumn[], x: number): { column: TableColumn; x: number }[] {
  let at = x + marginWidth;
  return shown.map((column) => {
    const place = { column, x: at };
    at += column.width + gap;
    return place;
  });
}

export function columnAt(model: MonitModel, table: Area, x: number): TableColumn["key"] | null {
  return placesOf(columnsFor(model, table.width), table.x).findLast((place) => x >= place.x - 1)?.column.key ?? null;
}

const signs: Record<"utf8" | "ascii", Record<Status["state"], string>> = {
  utf8: { active: "●", failed: "✗", activating: "◐", deactivating: "◐", inactive: "○", unknown: "?" },
  ascii: { active: "+", failed: "x", activating: "~", deactivating: "~", inactive: ".", unknown: "?" },
};

export function signOf(state: Status["state"], charset: Charset): string {
  return signs[charset === "ascii" ? "ascii" : "utf8"][state];
}

export function stateLook(state: Status["state"]): number {
  if (state === "active") return ink.green;
  if (state === "failed") return ink.red | ink.bold;
  return state === "inactive" ? ink.dim : ink.yellow;
}

/** A trouble is written in capitals, so that it can be seen without colours. */
export function stateText(state: Status["state"]): string {
  return state === "failed" ? "FAILED" : state;
}

function healthCell({ state, health }: Status): TableCell {
  if (health === null || state === "inactive") return plain("-");
  if (health === "unhealthy") return { text: "UNHEALTHY", look: ink.red | ink.bold };
  return { text: health, look: health === "healthy" ? ink.green : ink.dim };
}

function sandboxCell({ sandbox }: Status): TableCell {
  return { text: sandbox === "unknown" ? "-" : sandbox, look: sandbox === "partial" || sandbox === "off" ? ink.yellow : ink.plain };
}

/** Yellow from 80 % of the limit on, red from 95 % on. */
function memoryCell({ memoryBytes, limits }: Status): TableCell {
  if (memoryBytes === null) return plain("-");
  const limit = limits.memoryBytes;
  if (limit === null) return plain(formatBytes(memoryBytes));
  const share = memoryBytes / limit.value;
  const look = share >= 0.95 ? ink.red | ink.bold : share >= 0.8 ? ink.yellow : ink.plain;
  return { text: `${formatBytes(memoryBytes)}/${formatBytes(limit.value)}${limit.inForce ? "" : "!"}`, look };
}

function restartsCell({ restarts }: Status): TableCell {
  return { text: restarts === null ? "-" : String(restarts), look: (restarts ?? 0) > 0 ? ink.yellow : ink.plain };
}

function errorsCell({ requests }: Status): TableCell {
  return { text: figure(requests?.errorPercent, 1), look: (requests?.errorPercent ?? 0) > 1 ? ink.red : ink.plain };
}

export function latency(ms: number | null): string {
  if (ms === null) return "-";
  return ms < 10 ? `${ms.toFixed(1)}ms` : ms < 10_000 ? `${Math.round(ms)}ms` : `${Math.round(ms / 1000)}s`;
}

/** Cut in the middle, because the end of a name often tells services apart. */
export function shortName(name: string, width: number): string {
  if (name.length <= width) return name;
  const tail = Math.floor((width - 1) / 2);
  return `${name.slice(0, width - 1 - tail)}…${tail === 0 ? "" : name.slice(-tail)}`;
}
