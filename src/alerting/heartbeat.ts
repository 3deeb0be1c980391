// Calls an address of the user at an interval while this process runs, so that a service outside notices when the host is gone.
import type { HeartbeatConfig } from "./config.ts";
import { request } from "./post.ts";

const usualSeconds = 60;
const attemptMs = 10_000;

export class Heartbeat {
  readonly #timer: Timer;
  readonly #closing = new AbortController();
  /** Why the last call failed, or null. */
  trouble: string | null = null;

  constructor({ url, everySeconds = usualSeconds }: HeartbeatConfig) {
    const beat = async () => {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(attemptMs)]);
      const answer = await request({ url, method: "GET", headers: {} }, signal);
      this.trouble = answer.isTaken ? null : answer.answer;
    };
    void beat();
    this.#timer = setInterval(beat, everySeconds * 1000);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }
}
