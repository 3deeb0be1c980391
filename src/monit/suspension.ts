// Stops the dashboard as Ctrl-Z does in every program, after giving the terminal back, and continues it with SIGCONT. SIGTSTP
// from another process does the same.

/** The kernel stops a process group within this time, if it stops it. */
const stopMs = 120;

export class Suspension {
  readonly #leave: () => Promise<void>;
  readonly #enter: () => void;
  readonly #failed: (error: unknown) => void;
  #isSuspended = false;
  /** Counts the suspensions, because the end of one must not continue the next one. */
  #count = 0;

  /** `leave` gives the terminal back and resolves when it is as before; `enter` takes it again. Errors go to `failed`. */
  constructor(leave: () => Promise<void>, enter: () => void, failed: (error: unknown) => void) {
    this.#leave = leave;
    this.#enter = enter;
    this.#failed = failed;
    process.on("SIGTSTP", this.suspend);
    process.on("SIGCONT", this.#resume);
  }

  /** Stops the process group, because a program that started this one (sudo, npm) must stop too. */
  readonly suspend = (): void => {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    void this.#stop().catch(this.#failed);
  };

  close(): void {
    process.off("SIGTSTP", this.suspend);
    process.off("SIGCONT", this.#resume);
  }

  async #stop(): Promise<void> {
    const count = ++this.#count;
    await this.#leave();
    // Only without a handler the kernel does with the signal what it does in every program.
    process.off("SIGTSTP", this.suspend);
    process.kill(0, "SIGTSTP");
    // Without a shell that could continue it, the kernel does not stop the process group, and no SIGCONT comes.
    await Bun.sleep(stopMs);
    if (count === this.#count) this.#resume();
  }

  readonly #resume = (): void => {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    process.on("SIGTSTP", this.suspend);
    try {
      this.#enter();
    } catch (error) {
      this.#failed(error);
    }
  };
}
