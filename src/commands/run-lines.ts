// The lines of `bs9 run` about its services: as many as the reader takes, for a reader that has stopped costs no memory.
import type { Terminal } from "../base/terminal.ts";
import { type Happening, jsonOfHappening, textOfHappening } from "../supervisor/happening.ts";

const maxWaiting = 10_000;

export type RunLines = {
  happened(happening: Happening): void;
  /** Resolves once all lines are written, or nobody reads them any more. */
  written(): Promise<void>;
};

export function linesOf(terminal: Pick<Terminal, "print" | "flow">, isJson: boolean, now: () => number): RunLines {
  const waiting: string[] = [];
  let writing: Promise<void> | null = null;
  const write = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      terminal.print(line);
      // On a full disk the lines are lost, and the services run on.
      await terminal.flow().catch(() => false);
    }
    writing = null;
  };
  return {
    happened(happening) {
      if (waiting.length >= maxWaiting) waiting.shift();
      waiting.push((isJson ? jsonOfHappening : textOfHappening)(happening, now()));
      writing ??= write();
    },
    written: async () => writing ?? undefined,
  };
}
