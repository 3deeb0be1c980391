// Draws what lies over the screen: a question, the menu of actions, and a text. Pure.
import { harmless } from "../../base/text.ts";

import { type Dialog, type MonitModel, silenceChoices } from "../model.ts";
import { cellsOf } from "../screen/graphemes.ts";
import type { Grid } from "../screen/grid.ts";
import { ink } from "../screen/ink.ts";
import { actionsFor } from "../update/actions.ts";

export function drawDialog(grid: Grid, dialog: Dialog, model: MonitModel): void {
  if (dialog.kind === "confirm") drawQuestion(grid, dialog);
  else if (dialog.kind === "silence") drawSilence(grid, dialog);
  else if (dialog.kind === "menu") drawMenu(grid, dialog, model);
  else drawText(grid, dialog);
}

type Frame = { x: number; y: number; width: number; height: number };

/** A frame of this size in the middle of the screen, with its title; returns what is inside. */
function framed(grid: Grid, title: string, wanted: { width: number; height: number }): Frame {
  const width = Math.min(grid.columns, wanted.width + 4);
  const height = Math.min(grid.rows - 1, wanted.height + 2);
  const [x, y] = [Math.floor((grid.columns - width) / 2), Math.max(0, Math.floor((grid.rows - 1 - height) / 2))];
  grid.blank(x, y, width, height);
  grid.put(x, y, `┌${"─".repeat(width - 2)}┐`);
  for (let row = y + 1; row < y + height - 1; row++) {
    grid.put(x, row, "│");
    grid.put(x + width - 1, row, "│");
  }
  grid.put(x, y + height - 1, `└${"─".repeat(width - 2)}┘`);
  grid.put(x + 2, y, ` ${title} `, ink.bold, width - 4);
  return { x: x + 2, y: y + 1, width: width - 4, height: height - 2 };
}

function drawQuestion(grid: Grid, { act, names, isYes }: Extract<Dialog, { kind: "confirm" }>): void {
  const [first = ""] = names;
  const question = names.length === 1 ? `${act} ${first}?` : `${act} ${names.length} services?`;
  const listed = names.length === 1 ? [] : names.slice(0, 8);
  const rest = names.length - listed.length;
  const more = listed.length > 0 && rest > 0 ? [`and ${rest} more`] : [];
  const lines = [...listed, ...more];
  const width = Math.max(24, question.length, ...lines.map((line) => line.length));
  const inner = framed(grid, act, { width, height: lines.length + 3 });
  grid.put(inner.x, inner.y, question, ink.bold, inner.width);
  for (const [i, line] of lines.entries()) grid.put(inner.x, inner.y + 1 + i, line, ink.plain, inner.width);
  const y = inner.y + inner.height - 1;
  const x = inner.x + grid.put(inner.x, y, " y yes ", isYes ? ink.reverse : ink.plain) + 2;
  grid.put(x, y, " n no ", isYes ? ink.plain : ink.reverse);
}

function drawSilence(grid: Grid, { names, at }: Extract<Dialog, { kind: "silence" }>): void {
  const subject = names.length === 1 ? (names[0] ?? "") : `${names.length} services`;
  const inner = framed(grid, "silence", { width: Math.max(30, subject.length + 24), height: silenceChoices.length + 1 });
  grid.put(inner.x, inner.y, `alerts of ${subject}, for`, ink.bold, inner.width);
  for (const [i, { words }] of silenceChoices.entries())
    grid.put(inner.x, inner.y + 1 + i, `${i + 1}  ${words}`, i === at ? ink.reverse : ink.plain, inner.width);
}

function drawMenu(grid: Grid, { typed, at }: Extract<Dialog, { kind: "menu" }>, model: MonitModel): void {
  const found = actionsFor(typed);
  const lines = found.map(({ key, words, whyNot }) => {
    const reason = whyNot(model);
    return { text: `${key}  ${words}${reason === null ? "" : `  (${reason})`}`, isPossible: reason === null };
  });
  const width = Math.max(40, ...lines.map(({ text }) => text.length));
  const inner = framed(grid, model.selected ?? "no service", { width, height: Math.max(1, lines.length) + 1 });
  grid.put(inner.x, inner.y, `: ${typed}_`, ink.bold, inner.width);
  if (lines.length === 0) grid.put(inner.x, inner.y + 1, "no action has these words", ink.dim, inner.width);
  for (const [i, { text, isPossible }] of lines.slice(0, inner.height - 1).entries())
    grid.put(inner.x, inner.y + 1 + i, text, (isPossible ? ink.plain : ink.dim) | (i === at ? ink.reverse : 0), inner.width);
}

function drawText(grid: Grid, { title, lines, top }: Extract<Dialog, { kind: "text" }>): void {
  const rows = lines.flatMap((line) => folded(line, Math.min(100, grid.columns - 6)));
  const width = Math.max(30, ...rows.map(cellsOf));
  const inner = framed(grid, title, { width, height: rows.length });
  const from = Math.max(0, Math.min(top, rows.length - inner.height));
  for (const [i, line] of rows.slice(from, from + inner.height).entries()) grid.put(inner.x, inner.y + i, line, ink.plain, inner.width);
  if (rows.length > inner.height) grid.put(inner.x, inner.y + inner.height, " j k scroll, Esc closes ", ink.dim, inner.width);
}

const maxFolded = 2000;

/** Breaks a line at blanks. */
function folded(whole: string, width: number): string[] {
  const line = harmless(whole.slice(0, maxFolded));
  if (cellsOf(line) <= width) return [line];
  return Bun.wrapAnsi(line, width, { hard: true, trim: false }).split("\n");
}
