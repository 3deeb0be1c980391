// The order of the table, and which services it shows. Pure.
import type { Observed } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import { type MonitModel, type SortKey, shownServices } from "./model.ts";

type Status = Observed["status"];

/** Text sorts from A, figures from the greatest. Services without the figure come last, whichever way the others are sorted. */
const sortValues: Record<Exclude<SortKey, "bad" | "state">, (status: Status) => string | number | null> = {
  name: ({ name }) => name,
  health: ({ health }) => (health === null ? null : (["unhealthy", "unknown", "healthy"].indexOf(health) as number).toString()),
  sandbox: ({ sandbox }) => sandbox,
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ memoryBytes }) => memoryBytes,
  restarts: ({ restarts }) => restarts,
  uptime: ({ uptimeMs }) => uptimeMs,
  tasks: ({ tasks }) => tasks,
  requests: ({ requests }) => requests?.perSecond ?? null,
  errors: ({ requests }) => requests?.errorPercent ?? null,
  latency: ({ requests }) => requests?.p95Ms ?? null,
};

function isUnwell({ status, wanted }: Observed): boolean {
  if (status.state === "active") return status.health === "unhealthy" || !status.ready;
  return status.state !== "inactive" || wanted;
}

/** `!word` finds the services without the word; several words must all match. */
function matches({ status }: Observed, filter: string): boolean {
  if (filter === "") return true;
  const text = `${status.name} ${status.state} ${status.health ?? ""}`;
  return filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "!")
    .every((word) => (word.startsWith("!") ? !text.includes(word.slice(1)) : text.includes(word)));
}

/** The model with its rows filtered and sorted anew; the selection stays on its service, not on its row. */
export function withRows(model: MonitModel): MonitModel {
  const { filter, onlyUnwell, sort, reasons } = model;
  const all = shownServices(model);
  // `sorted` sorts in place, so that it needs an array of its own.
  const found = filter === "" && !onlyUnwell ? [...all] : all.filter((one) => (!onlyUnwell || isUnwell(one)) && matches(one, filter));
  const explained = model.moment === null && reasons.size > 0 ? found.map((one) => withReason(one, reasons)) : found;
  const rows = sorted(explained, sort);
  const isThere = rows.some(({ status }) => status.name === model.selected);
  const before = model.rows.findIndex(({ status }) => status.name === model.selected);
  // Where the selected service has gone, the selection goes to the row that took its place.
  const next = rows[Math.max(0, Math.min(before, rows.length - 1))]?.status.name ?? null;
  return { ...model, rows, selected: isThere ? model.selected : next };
}

function withReason(one: Observed, reasons: ReadonlyMap<string, string | null>): Observed {
  const reason = one.status.reason ?? reasons.get(one.status.name) ?? null;
  return reason === one.status.reason ? one : { ...one, status: { ...one.status, reason } };
}

function sorted(rows: Observed[], { key, isReversed }: MonitModel["sort"]): Observed[] {
  if (key === "bad" || key === "state") {
    const ordered = badFirst(rows);
    return isReversed ? ordered.reverse() : ordered;
  }
  const value = sortValues[key];
  const turn = isReversed ? -1 : 1;
  return rows
    .map((row) => ({ row, is: value(row.status) }))
    .sort((a, b) => {
      if (a.is === null || b.is === null) return (a.is === null ? 1 : 0) - (b.is === null ? 1 : 0) || byName(a.row, b.row);
      const order = typeof a.is === "string" ? (a.is < (b.is as string) ? -1 : a.is > (b.is as string) ? 1 : 0) : (b.is as number) - a.is;
      return turn * order || byName(a.row, b.row);
    })
    .map(({ row }) => row);
}

const byName = (a: Observed, b: Observed): number => (a.status.name < b.status.name ? -1 : 1);
