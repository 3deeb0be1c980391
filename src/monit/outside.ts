// Streams a log in the normal terminal, where the user can scroll, select and copy as everywhere.
import { reasonOf } from "../base/errors.ts";
import type { Terminal } from "../base/terminal.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { textLines } from "../logs/render.ts";
import type { Input } from "./input/input.ts";

const firstLines = 200;

export class LogOutside {
  readonly #deps: Pick<Deps, "backend">;
  readonly #terminal: Terminal;
  #open: AbortController | null = null;

  constructor(deps: Pick<Deps, "backend">, terminal: Terminal) {
    this.#deps = deps;
    this.#terminal = terminal;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  isEnd(input: Input): boolean {
    return input.kind === "key" && ["o", "q", "escape", "C-c"].includes(input.key);
  }

  /** `onLost` is called where nobody reads the terminal any more. */
  open(name: string, onLost: () => void): void {
    this.#open = new AbortController();
    void this.#stream(name, this.#open.signal, onLost);
  }

  close(): void {
    this.#open?.abort();
    this.#open = null;
  }

  async #stream(name: string, signal: AbortSignal, onLost: () => void): Promise<void> {
    const { style } = this.#terminal;
    this.#terminal.print(style.dim(`log of ${name}: q or o returns to bs9 monit`));
    const render = textLines([name], { colour: style.isColorSupported, time: true });
    const query = { services: [name], lines: firstLines, sinceMs: null, untilMs: null, follow: true };
    try {
      for await (const line of this.#deps.backend.logs(query, signal)) {
        if (signal.aborted) return;
        this.#terminal.print(render(line));
        if (!(await this.#terminal.flow())) return onLost();
      }
    } catch (error) {
      if (!signal.aborted) this.#terminal.print(`the log cannot be read: ${reasonOf(error)}`);
    }
  }
}
