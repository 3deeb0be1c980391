// Draws the first row, on the host and how many services are well, and the row about the newest trouble. Pure.
import { formatAge, formatBytes } from "../../base/quantities.ts";
import { firedMsOf, firingAlerts } from "../alerts.ts";
import { troubled } from "../layout.ts";
import { type MonitModel, shownServices } from "../model.ts";
import type { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import type { TableCell } from "./columns.ts";
import { clock, dayAndClock } from "./words.ts";

const wideColumns = 120;
/** Room for `bs9` and the blanks around it. */
const leastLeft = 5;

export function drawHost(grid: Grid, model: MonitModel): void {
  const { columns } = model.size;
  const widthOf = (cells: TableCell[]) => cells.reduce((sum, { text }) => sum + text.length + 2, 0);
  const parts = [...countParts(model), ...timeParts(model)];
  // On a narrow screen the time stays, because without it the past would look like now; what is not well stays longer than `up`.
  while (parts.length > 1 && widthOf(parts) > columns - leastLeft) parts.shift();
  const width = widthOf(parts);
  let x = Math.max(1, columns - width);
  grid.put(1, 0, leftText(model, x - 2), ink.plain);
  grid.tint(1, 0, 3, ink.bold);
  for (const { text, look } of parts) x += grid.put(x, 0, text, look) + 2;
}

/** As many of the parts as fit, the most useful first. */
function leftText(model: MonitModel, width: number): string {
  const { host, size, moment, frozen, snapshot } = model;
  const is = moment?.host ?? (frozen?.snapshot ?? snapshot)?.host ?? null;
  const isWide = size.columns >= wideColumns;
  const parts = ["bs9", host, ...(is === null ? [] : figures(is, isWide))];
  while (parts.length > 1 && parts.join("  ").length > width) parts.pop();
  return parts.join("  ");
}

function figures(is: Record<string, number | null>, isWide: boolean): string[] {
  const number = (name: string, digits: number) => is[name]?.toFixed(digits) ?? "-";
  const disks = ["homeUsedPercent", "stateUsedPercent", "projectsUsedPercent"].flatMap((name) => is[name] ?? []);
  const pressure = ["cpuPressurePercent", "memoryPressurePercent", "ioPressurePercent"];
  const [used, total] = [is["memoryBytes"] ?? null, is["memoryTotalBytes"] ?? null];
  const sizes = isWide && used !== null && total !== null ? ` ${formatBytes(used)}/${formatBytes(total)}` : "";
  return [
    `load ${(isWide ? ["load1", "load5", "load15"] : ["load1"]).map((name) => number(name, 2)).join(" ")}`,
    `mem ${number("memoryPercent", 0)}%${sizes}`,
    ...(disks.length === 0 ? [] : [`disk ${Math.max(...disks).toFixed(0)}%`]),
    ...(isWide && pressure.some((name) => is[name] != null) ? [`psi ${pressure.map((name) => number(name, 1)).join(" ")}`] : []),
  ];
}

function countParts(model: MonitModel): TableCell[] {
  const { filter, onlyUnwell, rows } = model;
  const all = shownServices(model);
  if (filter !== "" || onlyUnwell) {
    const words = [`${rows.length} of ${all.length}`, ...(filter === "" ? [] : [`"${filter}"`]), ...(onlyUnwell ? ["F not well"] : [])];
    return [{ text: words.join(" "), look: ink.reverse }];
  }
  const count = (is: (one: (typeof all)[number]) => boolean) => all.filter(is).length;
  const alerts = firingAlerts(model).length;
  const failed = count(({ status }) => status.state === "failed");
  const unhealthy = count(({ status }) => status.state !== "failed" && status.health === "unhealthy");
  return [
    { text: `${count(({ status }) => status.state === "active")} up`, look: ink.green },
    ...(failed === 0 ? [] : [{ text: `${failed} FAILED`, look: ink.red | ink.bold }]),
    ...(unhealthy === 0 ? [] : [{ text: `${unhealthy} UNHEALTHY`, look: ink.red | ink.bold }]),
    ...(alerts === 0 ? [] : [{ text: `${alerts} ${alerts === 1 ? "alert" : "alerts"}`, look: ink.red | ink.bold }]),
  ];
}

function timeParts(model: MonitModel): TableCell[] {
  const { moment, frozen, snapshot, nowMs, refreshMs, size, travel } = model;
  if (travel.wantedMs !== null && travel.wantedMs !== moment?.atMs)
    return [{ text: `reading ${dayAndClock(travel.wantedMs, nowMs)}`, look: ink.reverse }];
  if (moment !== null)
    return [{ text: `at ${dayAndClock(moment.atMs, nowMs)} for ${formatAge(moment.widthMs)}`, look: ink.reverse | ink.yellow }];
  if (frozen !== null) return [{ text: `frozen ${clock(frozen.atMs)}`, look: ink.reverse | ink.yellow }];
  if (snapshot === null) return [];
  const lateMs = nowMs - snapshot.atMs;
  if (lateMs > 3 * refreshMs + 5000) return [{ text: `stale ${formatAge(lateMs)}`, look: ink.red | ink.bold }];
  return [{ text: size.columns >= wideColumns ? `live ${clock(nowMs)}` : "live", look: ink.dim }];
}

/** The time that the screen shows. */
const shownMs = ({ moment, frozen, nowMs }: MonitModel): number =>
  moment === null ? (frozen?.atMs ?? nowMs) : moment.atMs + moment.widthMs;

/** One row, only if something is wrong. */
export function drawBanner(grid: Grid, y: number, model: MonitModel): void {
  const one = troubled(model);
  const alert = firingAlerts(model).find(({ ackedBy }) => ackedBy === null) ?? firingAlerts(model)[0];
  // An alert says more than the state of its service, so that it comes first where both are about one service.
  if (alert !== undefined && (one === null || alert.ackedBy === null || alert.subject === one.status.name)) {
    const age = formatAge(Math.max(0, shownMs(model) - firedMsOf(alert)));
    const acked = alert.ackedBy === null ? "" : `, acknowledged by ${alert.ackedBy}`;
    drawTrouble(grid, y, model, alert.subject, ` ! alert for ${age}: ${alert.sentence}${acked}`, "z silence  a acknowledge ");
    return;
  }
  if (one === null) return;
  const { status, unwell, outcome } = one;
  const sinceMs = unwell?.sinceMs ?? (outcome === null ? null : Date.parse(outcome.at));
  const age = sinceMs === null ? "" : ` ${formatAge(shownMs(model) - sinceMs)} ago`;
  const what = status.state === "failed" ? `failed${age}` : `is unhealthy`;
  const known = model.moment === null ? model.reasons.get(status.name) : null;
  const reason = status.reason ?? known ?? unwell?.reason ?? outcome?.cause ?? null;
  const isTold = reason?.startsWith("unhealthy") === true;
  const text = ` ! ${status.name} ${isTold ? `is ${reason}` : `${what}${reason === null ? "" : `: ${reason}`}`}`;
  drawTrouble(grid, y, model, status.name, text, model.moment !== null ? "w why " : "w why  r restart ");
}

/** The keys are shown where they act on this service. */
function drawTrouble(grid: Grid, y: number, model: MonitModel, subject: string, text: string, keys: string): void {
  const { columns } = model.size;
  const hasKeys = !model.isStill && !model.isReadOnly && columns >= 60 && model.selected === subject;
  grid.put(0, y, text, ink.red | ink.bold, columns - (hasKeys ? keys.length + 1 : 0));
  if (hasKeys) grid.put(columns - keys.length, y, keys, ink.dim);
}
