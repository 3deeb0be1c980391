// A program in a real pseudo-terminal, and the picture that a terminal makes of what it writes.
import { Terminal as Xterm } from "@xterm/headless";
import { until } from "../harness.ts";

export type PtyOptions = { columns: number; rows: number; cwd: string; env: Record<string, string> };

export class Pty {
  readonly #xterm: Xterm;
  readonly child: Bun.Subprocess;
  /** All bytes that the program has written. */
  bytes = 0;
  raw = "";
  #heard = (_: string) => {};

  constructor(argv: string[], { columns, rows, cwd, env }: PtyOptions) {
    this.#xterm = new Xterm({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
    const decoder = new TextDecoder();
    this.child = Bun.spawn(argv, {
      cwd,
      env,
      terminal: {
        cols: columns,
        rows,
        name: env["TERM"] ?? "xterm-256color",
        data: (_, chunk) => {
          this.bytes += chunk.length;
          const text = decoder.decode(chunk, { stream: true });
          this.raw = (this.raw + text).slice(-1_000_000);
          this.#xterm.write(chunk);
          this.#heard(text);
        },
      },
    });
  }

  type(text: string): void {
    this.child.terminal?.write(text);
  }

  /** Types, and resolves in the moment in which the program has written the text. */
  async answered(typed: string, wanted: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let since = "";
    this.#heard = (text) => {
      since += text;
      if (since.includes(wanted)) resolve();
    };
    const limit = setTimeout(() => reject(new Error(`no answer to ${typed} within 20 s`)), 20_000);
    try {
      this.type(typed);
      await promise;
    } finally {
      clearTimeout(limit);
      this.#heard = () => {};
    }
  }

  resize(columns: number, rows: number): void {
    this.#xterm.resize(columns, rows);
    this.child.terminal?.resize(columns, rows);
  }

  /** The rows on the screen, without the blanks at their ends. */
  lines(): string[] {
    const { active } = this.#xterm.buffer;
    return Array.from({ length: this.#xterm.rows }, (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? "");
  }

  text(): string {
    return this.lines().join("\n");
  }

  /** True while the alternate screen is shown. */
  get isAlternate(): boolean {
    return this.#xterm.buffer.active.type === "alternate";
  }

  /** True where every mode is as before the dashboard. */
  get isBack(): boolean {
    const { mouseTrackingMode, bracketedPasteMode, wraparoundMode } = this.#xterm.modes;
    return !this.isAlternate && mouseTrackingMode === "none" && !bracketedPasteMode && wraparoundMode;
  }

  /** Waits until the screen shows the text. */
  async shows(text: string | RegExp, timeoutMs = 20_000): Promise<void> {
    const is = () => (typeof text === "string" ? this.text().includes(text) : text.test(this.text()));
    try {
      await until(is, { what: `the screen shows ${text}`, timeoutMs });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; it shows:\n${this.text()}`);
    }
  }

  close(): void {
    this.child.kill("SIGKILL");
    this.child.terminal?.close();
    this.#xterm.dispose();
  }
}
