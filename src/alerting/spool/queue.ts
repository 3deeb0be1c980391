// Sends the messages that wait in the spool for one channel, one after the other, and tries again what the channel did not take.
import { reasonOf } from "../../base/errors.ts";
import type { AlertChannel, Answer } from "../channels/channel.ts";
import type { AlertSpool } from "./spool.ts";

/** How long one attempt may take, and how long the next one waits: `firstMs`, then twice as long each time, at most `longestMs`. */
export type Pace = { attemptMs: number; firstMs: number; longestMs: number };

export const usualPace: Pace = { attemptMs: 10_000, firstMs: 1000, longestMs: 60_000 };

/** Time for a process that sends to write down the result, before another one may send the same message. */
const leaseMs = 5000;
/** A spool that cannot be read or written now is tried again after this time. */
const brokenMs = 5000;
/** An attempt that is under way when the queue is closed may take this long. */
const closingMs = 1000;

export class Queue {
  /** Names the queue of the channel in the spool. */
  readonly key: string;
  readonly #channel: AlertChannel;
  readonly #spool: AlertSpool;
  readonly #pace: Pace;
  readonly #closing = new AbortController();
  readonly #onStep: () => void;
  readonly #run: Promise<void>;
  #wake = () => {};
  /** The number of steps so far. What waits for the channel may have changed with each. */
  steps = 0;
  /** Why the last attempt failed; null after a success. */
  trouble: string | null = null;

  /** `onStep` is called after each step. */
  constructor(key: string, channel: AlertChannel, spool: AlertSpool, pace: Pace, onStep: () => void) {
    this.key = key;
    this.#onStep = onStep;
    this.#channel = channel;
    this.#spool = spool;
    this.#pace = pace;
    this.#run = this.#loop();
  }

  get name(): string {
    return this.#channel.name;
  }

  /** To be called after a message was put into the spool. */
  wake(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#run;
  }

  async #loop(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const waitMs = await this.#step();
      this.steps++;
      this.#onStep();
      if (waitMs === 0) continue;
      let timer: Timer | undefined;
      if (waitMs !== null) timer = setTimeout(this.#wake, waitMs);
      await woken;
      clearTimeout(timer);
    }
  }

  /** Sends at most one message. Returns when to look again, in milliseconds; null: only when there is a new message. */
  async #step(): Promise<number | null> {
    const { key } = this;
    const { attemptMs, longestMs } = this.#pace;
    try {
      const claimed = this.#spool.claim(key, { leaseMs: attemptMs + leaseMs, longestMs });
      if (claimed === null) {
        const dueMs = this.#spool.dueInMs(key);
        // Due, and yet not claimed: another process sends it.
        return dueMs === null ? null : Math.max(dueMs, leaseMs / 10);
      }
      const { message, attempts } = claimed;
      const answer = await this.#attempt((signal) => this.#channel.send(message, signal));
      if (answer === null) this.#spool.release(key);
      else if (answer.isTaken) this.#spool.sent(key, message.id);
      else this.#spool.notSent(key, message.id, { delayMs: this.#delayOf(attempts), isRefused: answer.isRefused });
      if (answer !== null) this.trouble = answer.isTaken ? null : answer.answer;
      return 0;
    } catch (error) {
      this.trouble = `the spool cannot be used: ${reasonOf(error)}`;
      return brokenMs;
    }
  }

  /** Null where the queue was closed before the channel answered. */
  async #attempt(send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer | null> {
    const late = AbortSignal.timeout(this.#pace.attemptMs);
    const closing = Promise.withResolvers<null>();
    const stop = new AbortController();
    let timer: Timer | undefined;
    const close = () => {
      timer = setTimeout(() => {
        stop.abort();
        closing.resolve(null);
      }, closingMs);
    };
    this.#closing.signal.addEventListener("abort", close);
    try {
      return await Promise.race([send(AbortSignal.any([late, stop.signal])), closing.promise]);
    } finally {
      this.#closing.signal.removeEventListener("abort", close);
      clearTimeout(timer);
    }
  }

  /** The jitter keeps many hosts from calling a receiver that has come back at the same moment. */
  #delayOf(attempts: number): number {
    const { firstMs, longestMs } = this.#pace;
    return Math.min(longestMs, firstMs * 2 ** Math.min(attempts, 30)) * (0.5 + Math.random() / 2);
  }
}
