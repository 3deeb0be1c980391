// The two streams that a command writes to, with what each supports, and the progress line.
import type pc from "picocolors";
import { failed } from "./errors.ts";
import { plainErrno } from "./files.ts";
import { columnsOf, outlet } from "./outlet.ts";
import { harmless } from "./text.ts";

export type Style = ReturnType<typeof pc.createColors>;

export type Terminal = {
  /** Colours for stdout; functions that change nothing where stdout takes no colours. */
  style: Style;
  isTerminal: boolean;
  /** The width of stdout, null where it is not a terminal. */
  columns: number | null;
  print(text: string): void;
  /** Writes the text unchanged and without a newline: for commands that repaint. */
  write(text: string): void;
  note(text: string): void;
  /** Waits until the reader of stdout has caught up; false after the reader has gone (`| head`). Throws where a disk is full. */
  flow(): Promise<boolean>;
  /** Waits until everything written has been read, or the reader has gone. */
  drained(): Promise<void>;
  /** Shows a line on stderr that the next one replaces; shows nothing in the first half second. */
  progress(text: string): void;
  /** Ends the progress line. */
  settle(): void;
  noteStyle: Style;
};

type Env = Record<string, string | undefined>;

const quietMs = 500;
/** The time between two redraws, because with several services a step would be replaced before it can be read. */
const redrawMs = 100;
const maxSteps = 20;
const maxUnreadCharacters = 1024 * 1024;

/** `isQuiet`: progress is not shown, because scripts read stderr too. */
export async function openTerminal(env: Env, { noColor, isQuiet }: { noColor: boolean; isQuiet: boolean }): Promise<Terminal> {
  const columns = await columnsOf(1);
  const errorColumns = await columnsOf(2);
  const [out, err] = [outlet(Bun.stdout), outlet(Bun.stderr)];
  const began = performance.now();
  let drawn = false;
  let lastStep = "";
  let drawnAtMs = 0;
  const told = new Set<string>();
  const isColored = (width: number | null) => wantsColor(width !== null, env, noColor);
  // picocolors reads process.stdout when it is loaded, which takes 8 ms, so a command without colours does not load it.
  const colors = isColored(columns) || isColored(errorColumns) ? (await import("picocolors")).default : null;
  const styleFor = (width: number | null) => (colors !== null && isColored(width) ? colors.createColors(true) : plain);
  const redraws = errorColumns !== null && !isPlain(env);
  // Loaded only where lines are redrawn, because it takes 2 ms.
  const emptyLine = redraws ? await emptyLineText() : "";
  const settle = () => {
    if (drawn) err.write(emptyLine);
    drawn = false;
  };
  return {
    style: styleFor(columns),
    noteStyle: styleFor(errorColumns),
    isTerminal: columns !== null,
    columns,
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
        err.write(`${emptyLine}${harmless(text).slice(0, (errorColumns ?? 80) - 1)}`);
        drawn = true;
        return;
      }
      // Where stderr is not a terminal, each step is printed once, without its running time.
      const step = text.replace(/ \(\d+\/[\d.]+ s\)$/, "");
      if (told.has(step) || told.size >= maxSteps) return;
      told.add(step);
      err.write(`${harmless(step)}\n`);
    },
    settle,
  };
}

/** The text that empties the line of the cursor. */
async function emptyLineText(): Promise<string> {
  const { cursorLeft, eraseLine } = await import("ansi-escapes");
  return eraseLine + cursorLeft;
}

/**
 * The style without colours: each function returns its text unchanged. It has no property `then`, because `await` would take it
 * for a promise.
 */
const plain = new Proxy({} as Style, {
  get: (_, name) => (name === "isColorSupported" ? false : name === "then" ? undefined : String),
});

function wantsColor(isTty: boolean, env: Env, noColor: boolean): boolean {
  if (noColor || env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] || env["CLICOLOR_FORCE"]) return env["FORCE_COLOR"] !== "0";
  return isTty && env["TERM"] !== "dumb";
}

/** Screen readers and logs cannot handle a line that is overwritten. */
function isPlain(env: Env): boolean {
  const accessible = env["ACCESSIBLE"];
  return env["TERM"] === "dumb" || Boolean(env["CI"]) || (Boolean(accessible) && accessible !== "0" && accessible !== "false");
}
