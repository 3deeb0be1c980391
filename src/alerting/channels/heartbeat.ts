// Calls an address of the user at an interval while the agent works, so that a service outside notices when the host is gone.

import type { HeartbeatConfig } from "../config/config.ts";
import type { Answer } from "./channel.ts";
import { request } from "./post.ts";

const usualSeconds = 60;
const attemptMs = 10_000;

/** Never throws. */
export const callHeartbeat = (url: string, signal: AbortSignal): Promise<Answer> => request({ url, method: "GET", headers: {} }, signal);

/** A call is made only if a turn has ended since the last one, so that an agent that hangs is noticed too. */
export class Heartbeat {
  readonly #url: string;
  readonly #timer: Timer;
  readonly #closing = new AbortController();
  #isDue = true;
  #hasTurned = false;
  #isCalling = false;
  /** Why the last call failed, or null. */
  trouble: string | null = null;

  constructor({ url, everySeconds = usualSeconds }: HeartbeatConfig) {
    this.#url = url;
    this.#timer = setInterval(() => {
      this.#isDue = true;
      void this.#beat();
    }, everySeconds * 1000);
  }

  /** To be called after each turn of the agent. */
  turned(): void {
    this.#hasTurned = true;
    void this.#beat();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }

  async #beat(): Promise<void> {
    if (!this.#isDue || !this.#hasTurned || this.#isCalling || this.#closing.signal.aborted) return;
    this.#isDue = false;
    this.#hasTurned = false;
    this.#isCalling = true;
    const answer = await callHeartbeat(this.#url, AbortSignal.any([this.#closing.signal, AbortSignal.timeout(attemptMs)]));
    this.#isCalling = false;
    this.trouble = answer.isTaken ? null : answer.answer;
  }
}
