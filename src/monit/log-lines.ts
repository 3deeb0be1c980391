// Which lines of a log the screen shows, and how new lines join the old ones. Pure.
import { levels } from "../logs/level.ts";
import { type LogState, leastLevels, type MonitLine } from "./model.ts";

/** Older lines are dropped; `bs9 logs` still has them. */
const maxLines = 5000;

/** The lines since a time of at least the least level that contain the text of `only`; `!text` finds the lines without it. */
export function linesIn({ lines, least, only, fromMs }: Pick<LogState, "lines" | "least" | "only" | "fromMs">): MonitLine[] {
  const from = levels.indexOf(leastLevels[least] ?? "trace");
  const isNot = only.startsWith("!");
  const word = (isNot ? only.slice(1) : only).toLowerCase();
  if (from === 0 && word === "" && fromMs === 0) return lines;
  return lines.filter(
    ({ atMs, level, text }) =>
      atMs >= fromMs && levels.indexOf(level) >= from && (word === "" || text.toLowerCase().includes(word) !== isNot),
  );
}

export function withLines(log: LogState, added: MonitLine[]): LogState {
  const all = log.lines.concat(added);
  const dropped = Math.max(0, all.length - maxLines);
  const shown = linesIn({ ...log, lines: added }).length;
  const gone = dropped === 0 ? 0 : linesIn({ ...log, lines: all.slice(0, dropped) }).length;
  return {
    ...log,
    lines: dropped === 0 ? all : all.slice(dropped),
    // The lines on the screen stay where they are while older ones are dropped.
    top: Math.max(0, log.top - gone),
    skip: log.top >= gone ? log.skip : 0,
    unseen: log.isFollowing ? 0 : log.unseen + shown,
  };
}

export function followed(log: LogState): LogState {
  return { ...log, isFollowing: true, unseen: 0 };
}

/** Goes to the next line that `is` accepts, forward or back; null where there is none. */
export function toLine(log: LogState, direction: -1 | 1, is: (line: MonitLine) => boolean): LogState | null {
  const shown = linesIn(log);
  const from = log.isFollowing ? shown.length : log.top;
  for (let at = from + direction; at >= 0 && at < shown.length; at += direction) {
    const line = shown[at];
    if (line !== undefined && is(line)) return { ...log, isFollowing: false, top: at, skip: 0 };
  }
  return null;
}

export function hasText(line: MonitLine, text: string): boolean {
  return text !== "" && line.text.toLowerCase().includes(text.toLowerCase());
}
