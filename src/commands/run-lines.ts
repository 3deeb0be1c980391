// Prints what `bs9 run` reports about its services. The number of waiting lines is limited, so that a reader that has stopped
// does not make memory grow.
import type { Terminal } from "../base/terminal.ts";
import { type Happening, jsonOfHappening, textOfHappening } from "../supervisor/happening.ts";

const maxWaiting = 10_000;

export type RunLines = {
  happened(happening: Happening): void;
  /** Resolves once all lines are written, or their reader has gone. */
  written(): Promise<void>;
};

export function linesOf(terminal: Pick<Terminal, "print" | "flow">, isJson: boolean, now: () => number): RunLines {
  const waiting: string[] = [];
  let writing: Promise<void> | null = null;
  const write = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      terminal.print(line);
      // On a full disk lines are lost, but the services keep running.
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
