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
          this.raw = (this.raw + decoder.decode(chunk, { stream: true })).slice(-1_000_000);
          this.#xterm.write(chunk);
        },
      },
    });
  }

  type(text: string): void {
    this.child.terminal?.write(text);
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
