// The two streams that a command writes to, what each may carry, and the one progress line.
import { cursorLeft, eraseLine } from "ansi-escapes";
import pc from "picocolors";
import { errnoOf, failed } from "./errors.ts";
import { plainErrno } from "./files.ts";
import { harmless } from "./text.ts";

export type Style = ReturnType<typeof pc.createColors>;

export type Terminal = {
  /** Colours for stdout; plain functions where it takes none. */
  style: Style;
  isTerminal: boolean;
  /** Width of stdout, null where it is no terminal. */
  columns: number | null;
  print(text: string): void;
  /** As it is, without a line's end: for what repaints. */
  write(text: string): void;
  note(text: string): void;
  /** Waits until the reader of stdout has caught up; false once it has gone (`| head`). Throws where a disk is full. */
  flow(): Promise<boolean>;
  /** Waits until all that was written has been read, or nobody reads any more. */
  drained(): Promise<void>;
  /** A line on stderr that the next one replaces; nothing in the first half second. */
  progress(text: string): void;
  /** Ends the progress line. */
  settle(): void;
  noteStyle: Style;
};

type Env = Record<string, string | undefined>;

const quietMs = 500;
/** With several services each has its own step: none is drawn over before it can be read. */
const redrawMs = 100;
const maxSteps = 20;
const maxUnreadCharacters = 1024 * 1024;

/** `isQuiet`: there is no word on progress, for scripts read what is on stderr too. */
export function openTerminal(env: Env, { noColor, isQuiet }: { noColor: boolean; isQuiet: boolean }): Terminal {
  const { stdout, stderr } = process;
  const began = performance.now();
  let drawn = false;
  let lastStep = "";
  let drawnAtMs = 0;
  const told = new Set<string>();
  const redraws = stderr.isTTY === true && !isPlain(env);
  const settle = () => {
    if (drawn) stderr.write(eraseLine + cursorLeft);
    drawn = false;
  };
  const [out, err] = [outlet(stdout), outlet(stderr)];
  return {
    style: pc.createColors(wantsColor(stdout.isTTY === true, env, noColor)),
    noteStyle: pc.createColors(wantsColor(stderr.isTTY === true, env, noColor)),
    isTerminal: stdout.isTTY === true,
    columns: stdout.isTTY === true ? stdout.columns || 80 : null,
    print(text) {
      settle();
      out.write(`${text}\n`);
    },
    write(text) {
      settle();
      out.write(text);
    },
    note(text) {
      settle();
      err.write(`${text}\n`);
    },
    async flow() {
      const isRead = await out.below(maxUnreadCharacters);
      const lost = out.lost();
      if (lost !== null) throw failed(`cannot write to stdout: ${plainErrno(lost)}`, { cause: lost });
      return isRead;
    },
    async drained() {
      await out.below(0);
      await err.below(0);
    },
    progress(text) {
      if (isQuiet || performance.now() - began < quietMs) return;
      if (redraws) {
        if (drawn && (text === lastStep || performance.now() - drawnAtMs < redrawMs)) return;
        lastStep = text;
        drawnAtMs = performance.now();
        stderr.write(`${eraseLine}${cursorLeft}${harmless(text).slice(0, (stderr.columns || 80) - 1)}`);
        drawn = true;
        return;
      }
      // Off a terminal each step is told once, without its running time.
      const step = text.replace(/ \(\d+\/[\d.]+ s\)$/, "");
      if (told.has(step) || told.size >= maxSteps) return;
      told.add(step);
      stderr.write(`${harmless(step)}\n`);
    },
    settle,
  };
}

/** Bun's own `writableLength` is 0 for a pipe whatever is still to be read (1.4): what is under way is counted here. */
function outlet(stream: NodeJS.WriteStream) {
  let open = true;
  let unread = 0;
  let lost: unknown = null;
  // A reader that closed the pipe ends a command in silence.
  stream.on("error", (error) => {
    open = false;
    if (!["EPIPE", "ECONNRESET"].includes(errnoOf(error) ?? "")) lost ??= error;
  });
  return {
    write(text: string): void {
      unread += text.length;
      stream.write(text, () => {
        unread -= text.length;
      });
    },
    /** Why it did not arrive, where that is not because nobody reads; else null. */
    lost: () => lost,
    /** False where nobody reads any more. */
    async below(characters: number): Promise<boolean> {
      while (open && !stream.destroyed && unread > characters) await Bun.sleep(1);
      return open;
    },
  };
}

function wantsColor(isTty: boolean, env: Env, noColor: boolean): boolean {
  if (noColor || env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] || env["CLICOLOR_FORCE"]) return env["FORCE_COLOR"] !== "0";
  return isTty && env["TERM"] !== "dumb";
}

/** Screen readers and logs want no line that is written over. */
function isPlain(env: Env): boolean {
  const accessible = env["ACCESSIBLE"];
  return env["TERM"] === "dumb" || Boolean(env["CI"]) || (Boolean(accessible) && accessible !== "0" && accessible !== "false");
}
