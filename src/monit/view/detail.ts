// Draws what is known of the selected service: words, charts of CPU and memory, and what happened to it. Pure.
import { formatAge, formatBytes } from "../../base/quantities.ts";
import type { Observed } from "../../status/schema.ts";
import type { Area } from "../layout.ts";
import { type ChartPoint, type MonitModel, selectedRow } from "../model.ts";
import type { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import { areaChart, samplesIn } from "./chart.ts";
import { latency, stateLook, stateText } from "./columns.ts";
import { restartsIn, roundTop, valuesIn } from "./series.ts";
import { clock, dayAndClock, rule, spanWord } from "./words.ts";

type Chart = { name: string; value: (point: ChartPoint) => number | null; said: (value: number) => string; limit: number | null };

/** The words at the left, and two charts at the right where the terminal is wide enough. */
const leastChart = 16;
const wordsWidth = 38;
/** Below this width no chart fits beside the words. */
const leastFlat = wordsWidth + 2 * leastChart + 3;

export function drawDetail(grid: Grid, area: Area, model: MonitModel): void {
  const row = selectedRow(model);
  const isAscii = model.charset === "ascii";
  const look = model.focus === "detail" ? ink.bold : ink.dim;
  grid.put(area.x, area.y, rule(row?.status.name ?? "no service", area.width, isAscii), look);
  if (row === null) return;
  const lines = wordsOf(row);
  if (area.height >= 12 || (model.isMaximised && area.width < leastFlat)) drawTall(grid, area, model, row, lines);
  else drawFlat(grid, area, model, row, lines);
}

/** Words at the left, charts at the right. */
function drawFlat(grid: Grid, area: Area, model: MonitModel, row: Observed, lines: string[]): void {
  const room = area.width - wordsWidth - 1;
  const chart = Math.floor(room / 2) - 1;
  // A service that is down and has no samples leaves its room to the reason.
  const isEmpty = row.status.pid === null && model.chart.points.length === 0;
  const hasCharts = area.height >= 3 && chart >= leastChart && !isEmpty;
  const width = hasCharts ? wordsWidth : area.width - 1;
  drawWords(grid, { x: area.x + 1, y: area.y + 1, width, height: area.height - 1 }, lines, row);
  if (!hasCharts) return;
  for (const [i, one] of chartsOf(row).entries()) {
    const x = area.x + wordsWidth + 2 + i * (chart + 1);
    drawChart(grid, { x, y: area.y, width: chart, height: area.height }, model, one);
  }
}

/** Words, then the charts below each other, then what happened. */
function drawTall(grid: Grid, area: Area, model: MonitModel, row: Observed, lines: string[]): void {
  const inner = { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: Math.min(lines.length, 6) };
  drawWords(grid, inner, lines, row);
  let y = inner.y + inner.height;
  const rest = area.y + area.height - y;
  const charts = chartsOf(row);
  const height = Math.max(3, Math.min(10, Math.floor((rest * 0.65) / charts.length)));
  for (const one of charts) {
    if (y + height > area.y + area.height) break;
    drawChart(grid, { x: inner.x, y, width: inner.width, height }, model, one);
    y += height;
  }
  drawEvents(grid, { ...inner, y, height: area.y + area.height - y }, model);
}

function drawWords(grid: Grid, { x, y, width, height }: Area, lines: string[], { status }: Observed): void {
  for (const [i, line] of lines.slice(0, height).entries()) grid.put(x, y + i, line, ink.plain, width);
  grid.tint(x, y, stateText(status.state).length, stateLook(status.state));
}

function wordsOf({ status, end, outcome }: Observed): string[] {
  const { state, uptimeMs, pid, port, restarts, sandbox, isolation, tasks, unit, requests, reason, health, limits } = status;
  const joined = (...parts: (string | null)[]) => parts.filter((part) => part !== null).join("  ");
  const ended = outcome?.cause ?? end;
  return [
    joined(
      `${stateText(state)}${uptimeMs === null ? "" : ` ${formatAge(uptimeMs)}`}`,
      health,
      (restarts ?? 0) > 0 ? `${restarts} restarts` : null,
      pid === null ? null : `pid ${pid}`,
      port === null ? null : `port ${port}`,
    ),
    ...(reason === null ? [] : [reason]),
    joined(unit, sandbox === "unknown" ? null : `sandbox ${sandbox}`, isolation === null ? null : `isolation ${isolation}`),
    ...(requests === null
      ? []
      : [
          `${requests.perSecond.toFixed(1)} req/s  errors ${requests.errorPercent?.toFixed(1) ?? "-"}%  p50 ${latency(requests.p50Ms)}  p95 ${latency(requests.p95Ms)}`,
        ]),
    joined(
      tasks === null ? null : `${tasks} tasks`,
      limits.memoryBytes === null ? null : `memory limit ${formatBytes(limits.memoryBytes.value)}`,
      limits.cpuPercent === null ? null : `cpu limit ${limits.cpuPercent.value}%`,
    ),
    ...(ended === null || reason !== null ? [] : [`last end: ${ended}`]),
  ].filter((line) => line !== "");
}

function chartsOf({ status }: Observed): Chart[] {
  const { limits } = status;
  return [
    {
      name: "cpu",
      value: ({ cpuPercent }) => cpuPercent,
      said: (value) => `${value.toFixed(value < 10 ? 1 : 0)}%`,
      limit: limits.cpuPercent?.value ?? null,
    },
    { name: "mem", value: ({ memoryBytes }) => memoryBytes, said: formatBytes, limit: limits.memoryBytes?.value ?? null },
  ];
}

/** A title with the value of now and the greatest of the range, the area, and below it the restarts. */
function drawChart(grid: Grid, area: Area, model: MonitModel, { name, value, said, limit }: Chart): void {
  const { charset, rangeMs, chart, moment, nowMs } = model;
  const toMs = moment === null ? nowMs : moment.atMs + moment.widthMs;
  const span = { fromMs: toMs - rangeMs, toMs };
  const hasAxis = area.height >= 4;
  const values = valuesIn(chart.points, span, samplesIn(area.width, charset), value);
  const known = values.filter((one) => one !== null);
  const most = Math.max(0, ...known);
  const now = values.at(-1) ?? null;
  const max = limit === null ? roundTop(most) : Math.max(limit, most);
  const ceiling = `max ${said(most)}${limit === null ? "" : `/${said(limit)}`}`;
  const words = known.length === 0 ? "no samples" : now === null ? "-" : said(now);
  const title = ` ${name} ${words} `;
  const isInTitle = known.length > 0 && title.length + ceiling.length < area.width;
  grid.put(area.x, area.y, isInTitle ? `${title}${ceiling} ` : title.slice(0, area.width), ink.plain, area.width);
  const height = area.height - (hasAxis ? 2 : 1);
  const look = limit !== null && most >= 0.95 * limit ? ink.red : ink.cyan;
  for (const [i, line] of areaChart({ values, width: area.width, height, max, limit }, charset).entries())
    grid.put(area.x, area.y + 1 + i, line, look);
  if (!hasAxis) return;
  const y = area.y + area.height - 1;
  const left = `-${spanWord(rangeMs)}`;
  const right = moment === null ? "now" : clock(toMs);
  grid.put(area.x, y, left, ink.dim);
  grid.putRight(area.x, y, right, ink.dim, area.width);
  const room = area.width - left.length - right.length - 2;
  if (!isInTitle && known.length > 0 && ceiling.length <= room)
    grid.put(area.x + left.length + 1 + Math.floor((room - ceiling.length) / 2), y, ceiling, ink.dim);
  for (const x of restartsIn(chart.points, span, area.width)) grid.put(area.x + x, y, "^", ink.yellow | ink.bold, 1);
}

function drawEvents(grid: Grid, area: Area, model: MonitModel): void {
  if (area.height < 2) return;
  grid.put(area.x, area.y, "events", ink.dim, area.width);
  const { list } = model.events;
  const shown = list.slice(0, area.height - 1);
  if (shown.length === 0) grid.put(area.x, area.y + 1, "none yet", ink.dim, area.width);
  for (const [i, { atMs, text }] of shown.entries()) {
    const time = `${dayAndClock(atMs, model.nowMs)} `;
    const x = area.x + grid.put(area.x, area.y + 1 + i, time, ink.dim, area.width);
    grid.put(x, area.y + 1 + i, text, ink.plain, area.width - time.length);
  }
}
