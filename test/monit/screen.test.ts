// What a real terminal shows of a frame, also where it gives characters other widths than monit does.
import { expect, test } from "bun:test";
import { Terminal as Xterm } from "@xterm/headless";
import { frameDifference } from "../../src/monit/screen/diff.ts";
import { Grid } from "../../src/monit/screen/grid.ts";
import { Screen } from "../../src/monit/screen/screen.ts";

const family = "👨‍👩‍👧‍👦";

function gridOf(...rows: string[]): Grid {
  const grid = new Grid(20, rows.length);
  for (const [y, row] of rows.entries()) grid.put(0, y, row);
  return grid;
}

async function shown(terminal: Xterm, bytes: string): Promise<string[]> {
  await new Promise<void>((done) => terminal.write(bytes, done));
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, y) =>
    Array.from(
      { length: terminal.cols },
      (_, x) =>
        active
          .getLine(active.baseY + y)
          ?.getCell(x)
          ?.getChars() ?? "",
    ).join("\0"),
  );
}

/** `·` where a character whose width is disputed may be: it must neither leave an old letter there nor cover its neighbours. */
function withoutDisputed(row: string, grid: Grid, y: number): string[] {
  return row.split("\0").map((cell, x) => {
    const wanted = grid.text[y * grid.columns + x] ?? "";
    return /^[\x20-\x7e]$/.test(wanted) ? cell || " " : /^[\x21-\x7e]$/.test(cell) ? `${cell} is left` : "·";
  });
}

const expected = (grid: Grid, y: number) =>
  Array.from({ length: grid.columns }, (_, x) => grid.text[y * grid.columns + x] ?? "").map((cell) =>
    /^[\x20-\x7e]$/.test(cell) ? cell : "·",
  );

test("characters that the terminal draws with another width move and cover no other character", async () => {
  // This terminal has the widths of Unicode 6, by which an emoji is narrow and the unassigned U+2E9A is wide.
  const terminal = new Xterm({ cols: 20, rows: 5, allowProposedApi: true });
  const frames = [
    gridOf("abcdefgh|", "log one two|", "e\u0301x|", "the end of the row x", "xyzab|"),
    gridOf(`a${family}defgh|`, `log ${family} two|`, "\u0915\u094d\u0937x|", "the end of the row 漢", "x\u2e9azab|"),
    gridOf("a👩defgh|", "log 👩🏽 two|", "\u26a0\ufe0fx|", `the end of the r 🏳️‍🌈z`, "xy\u2e9aab|"),
    gridOf("abcdefgh|", "漢字 two|", "x\u0301\u0302\u0303\u0304y|", "all is as before    ", "xyzab|"),
  ];
  let before: Grid | null = null;
  for (const grid of frames) {
    const rows = await shown(terminal, frameDifference(before, grid, String));
    for (const [y, row] of rows.entries()) expect(withoutDisputed(row, grid, y)).toEqual(expected(grid, y));
    before = grid;
  }
  terminal.dispose();
});

test("whatever cells change, the terminal shows the next picture", async () => {
  const terminal = new Xterm({ cols: 20, rows: 6, allowProposedApi: true });
  let seed = 4711;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const rows = Array.from({ length: 6 }, () => "=".repeat(20));
  let before: Grid | null = null;
  for (let frame = 0; frame < 300; frame++) {
    for (let change = next(12); change >= 0; change--) {
      const [y, x, text] = [next(6), next(18), ["0", "7", " ", "漢", "ab"][next(5)] ?? ""];
      rows[y] = `${rows[y]?.slice(0, x)}${text}${rows[y]?.slice(x + text.length)}`.slice(0, 20);
    }
    const grid = gridOf(...rows);
    const shownRows = await shown(terminal, frameDifference(before, grid, String));
    for (const [y, row] of shownRows.entries())
      expect(
        row
          .split("\0")
          .map((cell) => cell || " ")
          .join(""),
      ).toBe(Array.from({ length: 20 }, (_, x) => grid.text[y * 20 + x] || " ").join(""));
    before = grid;
  }
  terminal.dispose();
});

test("the screen switches autowrap off while it draws, and on when it gives the terminal back", async () => {
  const terminal = new Xterm({ cols: 20, rows: 4, allowProposedApi: true });
  let bytes = "";
  const write = (text: string) => {
    bytes += text;
  };
  const screen = new Screen({ write, hasColour: false, isSynchronized: true });
  screen.enter({ hasMouse: true });
  await shown(terminal, bytes);
  expect(terminal.modes.wraparoundMode).toBe(false);
  bytes = "";
  screen.close();
  await shown(terminal, bytes);
  expect(terminal.modes.wraparoundMode).toBe(true);
  terminal.dispose();
});
