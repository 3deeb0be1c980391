// The interface of a channel: something outside of bs9 that takes messages.
import type { AlertMessage } from "../message.ts";

/**
 * What became of one message. `answer`: in words, such as `204 No Content`. `isRefused`: the receiver works, and does not want this
 * message.
 */
export type Answer = { isTaken: true; answer: string } | { isTaken: false; isRefused: boolean; answer: string };

export const taken = (answer: string): Answer => ({ isTaken: true, answer });
export const unreachable = (answer: string): Answer => ({ isTaken: false, isRefused: false, answer });
export const declined = (answer: string): Answer => ({ isTaken: false, isRefused: true, answer });

export interface AlertChannel {
  /** Tells one channel of a kind from another, without secrets; it begins with the kind. */
  readonly address: string;
  /** Names the channel for users, without its secrets. */
  readonly name: string;
  /** Never throws, and ends soon after the signal is aborted. */
  send(message: AlertMessage, signal: AbortSignal): Promise<Answer>;
}
