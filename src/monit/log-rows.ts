// The rows of a log on the screen, and how the screen scrolls through them. Pure.

import type { Area } from "./layout.ts";
import { followed, linesIn } from "./log-lines.ts";
import type { LogState, MonitLine } from "./model.ts";
import { cellsOf, glyphsOf } from "./screen/graphemes.ts";

export type LogRow = { line: MonitLine; text: string; isFirst: boolean };

/** The cells for the lines of a log: below the title of the pane, and behind a blank. */
export type LogRoom = { width: number; height: number };

export function logRoom(pane: Area | null): LogRoom {
  return { width: Math.max(1, (pane?.width ?? 2) - 1), height: Math.max(1, (pane?.height ?? 2) - 1) };
}

/** The rows that fit: the last ones while the log is followed, otherwise those from `top` and `skip` on. */
export function logRows(lines: readonly MonitLine[], log: LogState, { width, height }: LogRoom): LogRow[] {
  const rows: LogRow[] = [];
  if (!log.isFollowing) {
    for (let at = log.top; at < lines.length && rows.length < height + log.skip; at++)
      rows.push(...rowsOfLine(lines[at] as MonitLine, log, width));
    return rows.slice(log.skip, log.skip + height);
  }
  for (let at = lines.length - 1; at >= 0 && rows.length < height; at--) rows.unshift(...rowsOfLine(lines[at] as MonitLine, log, width));
  return rows.slice(Math.max(0, rows.length - height));
}

function rowsOfLine(line: MonitLine, log: LogState, width: number): LogRow[] {
  const room = Math.max(1, width - headWidth(log));
  const texts = log.isWrapped ? wrapped(line.text, room) : [cutLeft(line.text, log.left)];
  return texts.map((text, i) => ({ line, text, isFirst: i === 0 }));
}

type Place = Pick<LogState, "top" | "skip">;

/** Scrolls by a number of rows; scrolling past the end follows again. */
export function scrolledBy(log: LogState, by: number, room: LogRoom): LogState {
  const lines = linesIn(log);
  const heightOf = (at: number) => (log.isWrapped ? rowsOfLine(lines[at] as MonitLine, log, room.width).length : 1);
  const back = ({ top, skip }: Place, rows: number): Place => {
    let [at, left] = [top, rows - skip];
    while (left > 0 && at > 0) left -= heightOf(--at);
    return { top: at, skip: Math.max(0, -left) };
  };
  const forward = ({ top, skip }: Place, rows: number): Place => {
    let [at, left] = [top, rows + skip];
    for (let height = 0; at < lines.length; at++) {
      height = heightOf(at);
      if (left < height) break;
      left -= height;
    }
    return { top: at, skip: at < lines.length ? left : 0 };
  };
  const last = back({ top: lines.length, skip: 0 }, room.height);
  const from = log.isFollowing ? last : log;
  const to = by < 0 ? back(from, -by) : forward(from, by);
  const isPast = to.top > last.top || (to.top === last.top && to.skip >= last.skip);
  if (isPast && by > 0) return followed(log);
  return { ...log, isFollowing: false, ...(isPast ? last : to) };
}

export const levelWidth = 6;
export const headWidth = ({ hasTime }: LogState): number => (hasTime ? 9 : 0) + levelWidth;

function wrapped(whole: string, width: number): string[] {
  const text = whole.slice(0, maxWrapped);
  if (text.length <= width && cellsOf(text) <= width) return [text];
  const rows: string[] = [];
  let row = "";
  let cells = 0;
  for (const glyph of glyphsOf(text)) {
    if (cells + glyph.width > width) {
      rows.push(row);
      row = "";
      cells = 0;
    }
    row += glyph.text;
    cells += glyph.width;
  }
  return [...rows, row];
}

/** Longer lines are cut, because no screen shows more of them. */
export const maxWrapped = 4096;

/** The text without its first cells. */
function cutLeft(whole: string, cells: number): string {
  if (cells === 0) return whole;
  const text = whole.slice(0, 2 * maxWrapped);
  let left = cells;
  let rest = "";
  for (const glyph of glyphsOf(text)) {
    if (left > 0) left -= glyph.width;
    else rest += glyph.text;
  }
  return rest;
}
