// The keys of the log: scrolling, searching, what it shows, and what it copies.
import { expect, test } from "bun:test";
import { linesIn } from "../../src/monit/log-lines.ts";
import type { MonitLine } from "../../src/monit/model.ts";
import { nowMs, Scene } from "./scene.ts";

const lines = (count: number, from = 0): MonitLine[] =>
  Array.from({ length: count }, (_, i) => ({
    atMs: nowMs,
    level: i % 10 === 0 ? "error" : "info",
    text: `line ${from + i}`,
    isFromBs9: false,
  }));

function log(count: number): Scene {
  const scene = new Scene().keys("l");
  return scene.take({ kind: "log", name: "worker", lines: lines(count), isRead: true, trouble: null });
}

test("scrolling up pauses the log and counts new lines; the end follows again", () => {
  const scene = log(100).keys("up");
  expect(scene.model.log).toMatchObject({ isFollowing: false, unseen: 0 });
  const { top } = scene.model.log;
  scene.take({ kind: "log", name: "worker", lines: lines(7, 100), isRead: true, trouble: null });
  expect(scene.model.log).toMatchObject({ isFollowing: false, unseen: 7, top });
  expect(scene.lines().join("\n")).toContain("paused, 7 new");
  expect(scene.keys("G").model.log).toMatchObject({ isFollowing: true, unseen: 0 });
});

test("the log keeps a bounded number of lines, and the lines on the screen stay while older ones are dropped", () => {
  const scene = log(5000).keys("up up");
  const before = scene.lines()[3];
  scene.take({ kind: "log", name: "worker", lines: lines(500, 5000), isRead: true, trouble: null });
  expect(scene.model.log.lines.length).toBe(5000);
  expect(scene.lines()[3]).toBe(before);
});

test("n and N go to the lines with the searched text, E to errors, & keeps only matching lines, v raises the level", () => {
  const scene = log(100).keys("/ l i n e space 4 2 enter N");
  expect(scene.model.log.top).toBe(42);
  expect(scene.keys("C-e").model.log.top).toBe(40);
  expect(scene.keys("E").model.log.top).toBe(50);
  scene.keys("& 7 enter");
  expect(scene.lines()[2]).toContain("line 7");
  scene.keys("& escape v v v");
  expect(
    scene
      .lines()
      .slice(2)
      .filter((line) => /line \d/.test(line))
      .every((line) => line.includes("0")),
  ).toBe(true);
});

test("1 to 6 show the lines of the last minutes, and Y copies the bs9 logs command with what the log shows", () => {
  const scene = new Scene();
  const aged = [10, 4, 2, 0].map((minutes) => ({
    atMs: nowMs - minutes * 60_000,
    level: "info" as const,
    text: `${minutes}`,
    isFromBs9: false,
  }));
  scene.take({ kind: "log", name: scene.model.selected ?? "", lines: aged, isRead: true, trouble: null }).keys("l");
  const shown = () => linesIn(scene.model.log).map(({ text }) => text);
  const { selected, nowMs: now } = scene.model;
  const copied = () => scene.keys("Y").effects.flatMap((effect) => (effect.do === "copy" ? [effect.text] : []));
  expect(copied()).toEqual([`bs9 logs ${selected}`]);
  scene.keys("2");
  expect(shown()).toEqual(["4", "2", "0"]);
  scene.model = { ...scene.model, log: { ...scene.model.log, only: "a.b (c)", least: 2 } };
  const since = new Date(now - 300_000).toISOString();
  expect(copied()).toEqual([`bs9 logs ${selected} --since ${since} --level warn --grep 'a\\.b \\(c\\)'`]);
  scene.model = { ...scene.model, log: { ...scene.model.log, only: "", least: 0 } };
  scene.keys("6");
  expect(shown()).toEqual(["10", "4", "2", "0"]);
});

test("a wrapped log scrolls by rows, through a line that is longer than the screen", () => {
  const scene = new Scene().keys("l W");
  const long = ["a", "b", "c"].map((name) => ({
    atMs: nowMs,
    level: "info" as const,
    text: Array.from({ length: 30 }, (_, i) => `${name}${i}`.padEnd(64, ".")).join(""),
    isFromBs9: false,
  }));
  scene.take({ kind: "log", name: scene.model.selected ?? "", lines: long, isRead: true, trouble: null });
  const shown = () => scene.lines().slice(2, -1);
  const rows = [shown()];
  for (let i = 0; i < 80; i++) {
    scene.keys("up");
    rows.push(shown());
  }
  expect(rows[0]?.at(-1)).toContain("c29");
  for (const [i, now] of rows.entries()) {
    const before = rows[i - 1];
    if (before !== undefined && !before[0]?.includes("a0.")) expect(now.slice(1)).toEqual(before.slice(0, -1));
  }
  expect(rows.at(-1)?.[0]).toContain("a0.");
  scene.keys("down pagedown");
  expect(shown()[0]).toContain(`a${1 + shown().length}.`);
  scene.keys("pagedown pagedown pagedown pagedown");
  expect(scene.model.log.isFollowing).toBe(true);
  expect(shown()).toEqual(rows[0] ?? []);
});

test("the log drops the lines of a service after another service is selected", () => {
  const scene = new Scene().keys("j");
  scene.take({ kind: "log", name: "worker", lines: lines(3), isRead: true, trouble: null });
  expect(scene.model.log).toMatchObject({ name: "mailer", lines: [] });
});

test("y copies a line without its control characters, as the screen shows it", () => {
  const scene = new Scene();
  const lines: MonitLine[] = [{ atMs: nowMs, level: "info", text: "rm -rf x\r\x1b]52;c;AAAA\x07", isFromBs9: false }];
  scene.take({ kind: "log", name: "worker", lines, isRead: true, trouble: null }).keys("l y");
  expect(scene.effects).toContainEqual({ do: "copy", text: "rm -rf x\\x0d\\x1b]52;c;AAAA\\x07" });
});
