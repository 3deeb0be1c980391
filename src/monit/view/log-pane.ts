// Draws the log of the selected service, as a pane or on the full screen. Pure.
import type { LogLevel } from "../../logs/level.ts";
import type { Area } from "../layout.ts";
import { linesIn } from "../log-lines.ts";
import { headWidth, type LogRow, levelWidth, logRoom, logRows, maxWrapped } from "../log-rows.ts";
import { type LogState, leastLevels, type MonitModel } from "../model.ts";
import { cellsOf } from "../screen/graphemes.ts";
import type { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import { clock, dayAndClock, rule } from "./words.ts";

const levelLooks: Partial<Record<LogLevel, number>> = {
  trace: ink.dim,
  debug: ink.dim,
  warn: ink.yellow,
  error: ink.red,
  fatal: ink.red | ink.bold,
};
const loudLevels: LogLevel[] = ["error", "fatal"];

const levelWord = (level: LogLevel): string => (loudLevels.includes(level) ? level.toUpperCase() : level);

export function drawLog(grid: Grid, area: Area, model: MonitModel, isFull: boolean): void {
  const { log, charset } = model;
  // The pane below the table always shows the end of the log, with every level.
  const shown: LogState = isFull ? log : { ...log, isFollowing: true, only: "", least: 0, fromMs: 0, left: 0, isWrapped: false };
  const lines = linesIn(shown);
  const title = rule(titleOf(model, isFull), area.width, charset === "ascii");
  grid.put(area.x, area.y, title, model.focus === "log" || isFull ? ink.bold : ink.dim);
  if (lines.length === 0) {
    grid.put(area.x + 1, area.y + 1, whyNoLines(model, log.lines.length > 0), ink.dim, area.width - 1);
    return;
  }
  const rows = logRows(lines, shown, logRoom(area));
  for (const [i, row] of rows.entries()) drawRow(grid, { ...area, x: area.x + 1, y: area.y + 1 + i, width: area.width - 1 }, row, shown);
}

function titleOf({ log, moment, nowMs }: MonitModel, isFull: boolean): string {
  const parts = [`log ${log.name ?? ""}`, ...(moment === null ? [] : [`until ${dayAndClock(moment.atMs + moment.widthMs, nowMs)}`])];
  if (!isFull) return parts.join("  ");
  return [
    ...parts,
    ...(log.least === 0 ? [] : [`level ${leastLevels[log.least]}`]),
    ...(log.fromMs === 0 ? [] : [`since ${dayAndClock(log.fromMs, nowMs)}`]),
    ...(log.only === "" ? [] : [`only "${log.only}"`]),
    ...(log.search === "" ? [] : [`search "${log.search}"`]),
    log.isFollowing ? (moment === null ? "follow" : "end") : `paused, ${log.unseen} new`,
  ].join("  ");
}

function whyNoLines({ log }: MonitModel, hasOthers: boolean): string {
  if (log.name === null) return "no service is selected";
  if (log.trouble !== null) return log.trouble;
  if (hasOthers) return "no line of this time, level and text: 6, v and & change that";
  return log.isRead ? "no lines yet" : "reading the log";
}

function drawRow(grid: Grid, { x, y, width }: Area, { line, text, isFirst }: LogRow, log: LogState): void {
  const look = line.isFromBs9 ? ink.cyan : (levelLooks[line.level] ?? ink.plain);
  const head = headWidth(log);
  if (isFirst) {
    if (log.hasTime) grid.put(x, y, clock(line.atMs), ink.dim, width);
    grid.put(x + head - levelWidth, y, line.isFromBs9 ? "bs9" : levelWord(line.level), look, levelWidth);
  }
  grid.put(x + head, y, text, look, width - head);
  for (const { at, length } of foundIn(text, log.search)) {
    const from = Math.min(at, width - head);
    grid.tint(x + head + from, y, Math.min(length, width - head - from), look | ink.reverse);
  }
}

/** The cells of `text` in which the searched text is. */
function foundIn(text: string, search: string): { at: number; length: number }[] {
  if (search === "") return [];
  const [lower, word] = [text.slice(0, maxWrapped).toLowerCase(), search.toLowerCase()];
  const found: { at: number; length: number }[] = [];
  for (let i = lower.indexOf(word); i !== -1 && found.length < 100; i = lower.indexOf(word, i + word.length))
    found.push({ at: cellsOf(text.slice(0, i)), length: cellsOf(text.slice(i, i + word.length)) });
  return found;
}
