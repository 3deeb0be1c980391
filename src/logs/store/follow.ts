// Yields new lines of log files as they are written: inotify wakes it, and it polls where inotify is not available.
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { isDirectory } from "../../base/regular.ts";
import type { RawLine } from "../query.ts";
import { forwards, lastLineEnd } from "./lines.ts";
import { streams } from "./place.ts";
import { lineRecords } from "./records.ts";
import { streamTextOf } from "./text.ts";
import { careForLogs } from "./tick.ts";

/**
 * The offset after the last line that was yielded, and the number of bytes that had been cut off the start of the file at that
 * time.
 */
export type Position = { offset: number; shift: number };

const lookMs = 250;

/** Starts at `positions`; a stream without a position is new and is yielded whole. Ends when the AbortSignal is aborted. */
export async function* followLogFiles(
  root: string,
  folders: string[],
  positions: Map<string, Position>,
  signal: AbortSignal,
): AsyncGenerator<RawLine> {
  const wake = new Waker(signal);
  const watchers = new Map<string, FSWatcher>();
  try {
    while (!signal.aborted) {
      // On a full disk no times can be added to the index, but the lines must still be shown.
      await careForLogs(root).catch(() => {});
      for (const folder of folders) {
        if (!isDirectory(folder)) continue;
        if (!watchers.has(folder)) watchOver(folder, watchers, wake);
        for (const stream of streams) yield* news(folder, stream, positions);
      }
      await wake.next(lookMs);
    }
  } finally {
    for (const watcher of watchers.values()) watcher.close();
  }
}

function* news(folder: string, stream: (typeof streams)[number], positions: Map<string, Position>): Generator<RawLine> {
  const text = streamTextOf(folder, stream);
  if (text === null) return;
  try {
    const key = join(folder, stream);
    const live = text.parts.at(-1);
    const source = live?.open();
    if (live === undefined || !source) return;
    const before = positions.get(key);
    // If the shift (the number of bytes cut off the start) has changed, or the file ends before the position, the file was
    // truncated: everything in it is new.
    const goesOn = before !== undefined && before.shift === text.shift && before.offset <= live.end;
    const from = goesOn ? Math.max(live.start, before.offset) : live.start;
    const to = lastLineEnd(source.read, from, live.end);
    positions.set(key, { offset: Math.max(from, to), shift: text.shift });
    yield* lineRecords(forwards(source.read, from, to, true), { folder, stream }, source.list, live.latestMs);
  } finally {
    text.close();
  }
}

function watchOver(folder: string, watchers: Map<string, FSWatcher>, wake: Waker): void {
  try {
    const watcher = watch(folder, () => wake.now());
    watcher.on("error", () => watcher.close());
    watchers.set(folder, watcher);
  } catch {
    // No inotify watches are left (fs.inotify.max_user_watches), so polling must be enough.
  }
}

/** Waits for an inotify event, with a time limit; an event that arrives between two waits ends the next wait at once. */
class Waker {
  #isDue = false;
  #resolve: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.now(), { once: true });
  }

  now(): void {
    this.#isDue = true;
    this.#resolve?.();
  }

  async next(timeoutMs: number): Promise<void> {
    if (!this.#isDue) {
      let timer: Timer | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    this.#isDue = false;
  }
}
