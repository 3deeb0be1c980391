// The bytes that turn the picture on a terminal into the next one: only changed cells are written. Pure.
import { cursorBackward, cursorDown, cursorForward, cursorTo, eraseEndLine } from "ansi-escapes";
import { isPlainAscii } from "./graphemes.ts";
import type { Grid } from "./grid.ts";
import type { Painter } from "./ink.ts";

/** A run of unchanged cells that is not longer than this is written again, because moving the cursor costs more bytes. */
const maxGap = 4;
/**
 * Characters whose width no terminal disputes: Latin letters, box drawing, block elements, geometric shapes, braille, kana, Han
 * and Hangul.
 */
const settled = /^[\x20-\x7e\u00a1-\u024f\u2026\u2500-\u25ff\u2717\u2800-\u28ff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*$/;

/** Empty if both pictures are equal. `before` must have the same size; null means that the terminal is blank. */
export function frameDifference(before: Grid | null, after: Grid, paint: Painter): string {
  const cursor: Cursor = { x: -1, y: -1 };
  let bytes = "";
  for (let y = 0; y < after.rows; y++) bytes += rowDifference(before, after, y, paint, cursor);
  return bytes;
}

/** Where the cursor of the terminal is; `x` is -1 where a character of disputed width makes that uncertain. */
type Cursor = { x: number; y: number };

function rowDifference(before: Grid | null, after: Grid, y: number, paint: Painter, cursor: Cursor): string {
  const { columns } = after;
  const start = y * columns;
  const isChanged = (x: number) =>
    before === null
      ? after.text[start + x] !== " " || after.looks[start + x] !== 0
      : before.text[start + x] !== after.text[start + x] || before.looks[start + x] !== after.looks[start + x];
  const blankFrom = firstOfBlankEnd(after, start);
  let bytes = "";
  // A terminal that gives a disputed character another width draws over the cell behind it, so that cell is written again.
  const isDisturbed = (x: number) => {
    const at = start + x - (after.text[start + x - 1] === "" ? 2 : 1);
    return x > 0 && at >= start && isChanged(at - start) && !(settled.test(after.text[at] ?? "") && settled.test(before?.text[at] ?? ""));
  };
  for (let x = 0; x < columns; x++) {
    if (!isChanged(x) && !isDisturbed(x)) continue;
    // The right half of a wide character is drawn with its left half.
    const from = after.text[start + x] === "" && x > 0 ? x - 1 : x;
    if (from >= blankFrom && columns - from > 3) {
      bytes += `${moved(cursor, from, y)}${eraseEndLine}`;
      break;
    }
    const end = endOfRun(after, start, from, isChanged);
    bytes += moved(cursor, from, y) + written(after, start + from, start + end, paint, cursor, from);
    x = end - 1;
  }
  return bytes;
}

/** The first column from which a row has only blanks of the plain look. */
function firstOfBlankEnd({ text, looks, columns }: Grid, start: number): number {
  let x = columns;
  while (x > 0 && text[start + x - 1] === " " && looks[start + x - 1] === 0) x--;
  return x;
}

/** A run ends before a gap of unchanged cells that is too long, where the look changes, and after a disputed character. */
function endOfRun({ text, looks, columns }: Grid, start: number, from: number, isChanged: (x: number) => boolean): number {
  const look = looks[start + from];
  let end = from + 1;
  for (let x = from + 1; x < columns; x++) {
    if (looks[start + x] !== look) break;
    if (isChanged(x) || text[start + x] === "") end = x + 1;
    else if (x - end >= maxGap) break;
  }
  const disputed = text.slice(start + from, start + end).findIndex((one) => !settled.test(one));
  if (disputed === -1) return end;
  const after = from + disputed + 1;
  return text[start + after] === "" && after < columns ? after + 1 : after;
}

/** The shortest movement of the cursor: cells that change are often below each other, as the figures of a column are. */
function moved(cursor: Cursor, x: number, y: number): string {
  if (cursor.y === y && cursor.x === x) return "";
  const absolute = cursorTo(x, y);
  if (cursor.x === -1 || cursor.y > y) return absolute;
  const [right, down] = [x - cursor.x, y - cursor.y];
  const sideways = right > 0 ? cursorForward(right) : right >= -maxBackspaces ? "\b".repeat(-right) : cursorBackward(-right);
  const relative = `${down > 0 ? cursorDown(down) : ""}${sideways}`;
  return relative.length < absolute.length ? relative : absolute;
}

const maxBackspaces = 3;

function written({ text, looks, columns }: Grid, from: number, end: number, paint: Painter, cursor: Cursor, x: number): string {
  const run = text.slice(from, end).join("");
  const isSettled = isPlainAscii(run) || settled.test(run);
  // The cursor stays at the last column, so that the next text needs a movement.
  const next = x + end - from;
  cursor.x = isSettled && next < columns ? next : -1;
  cursor.y = Math.floor(from / columns);
  const look = looks[from] ?? 0;
  if (isSettled || text[end - 1] !== "") return paint(run, look);
  // A terminal may draw a disputed character narrow, so both of its cells become blank before it is written.
  const lead = text.slice(from, end - 2).join("");
  return paint(`${lead}  `, look) + cursorTo(next - 2, cursor.y) + paint(text[end - 2] ?? "", look);
}

/** Each row as text with its looks, for a stream that is not a screen. */
export function rowsAsLines(grid: Grid, paint: Painter): string[] {
  return Array.from({ length: grid.rows }, (_, y) => {
    const start = y * grid.columns;
    const end = firstOfBlankEnd(grid, start);
    let line = "";
    for (let from = 0; from < end; ) {
      let to = from + 1;
      while (to < end && grid.looks[start + to] === grid.looks[start + from]) to++;
      line += paint(grid.text.slice(start + from, start + to).join(""), grid.looks[start + from] ?? 0);
      from = to;
    }
    return line;
  });
}
