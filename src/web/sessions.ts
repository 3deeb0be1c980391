// The sessions that logging in opens. They are kept in memory: after a restart of the server users log in again.
import type { Credential } from "./credentials.ts";
import { digestOf } from "./credentials.ts";
import { randomToken } from "./token.ts";

const idleMs = 12 * 3_600_000;
const longestMs = 7 * 24 * 3_600_000;
/** Per token, so that the sessions of viewers never end those of the owner. */
const maxSessions = 200;

const maxInTotal = 1000;

/** `token` is the digest of the token that opened the session: the session ends when that token is replaced. */
type Session = { token: string; isTls: boolean; endMs: number; idleEndMs: number };

/** `isTls`: it was opened over TLS. `key` identifies it, and is not its secret. */
export type FoundSession = { credential: Credential; isTls: boolean; key: string };

export class WebSessions {
  readonly #now: () => number;
  /** By the digest of the session's secret, the one used longest ago first. */
  readonly #open = new Map<string, Session>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Opens a session and returns its secret, which the cookie carries. */
  open({ digest }: Credential, isTls: boolean): string {
    const secret = randomToken();
    const nowMs = this.#now();
    for (const [key, { endMs, idleEndMs }] of this.#open) if (Math.min(endMs, idleEndMs) <= nowMs) this.#open.delete(key);
    const token = digest.toHex();
    const same = [...this.#open].filter(([, session]) => session.token === token);
    const oldest = same[0]?.[0];
    if (same.length >= maxSessions && oldest !== undefined) this.#open.delete(oldest);
    // A renewed token leaves sessions that never open again, so the total is limited too.
    const [first] = this.#open.keys();
    if (this.#open.size >= maxInTotal && first !== undefined) this.#open.delete(first);
    this.#open.set(keyOf(secret), { token, isTls, endMs: nowMs + longestMs, idleEndMs: nowMs + idleMs });
    return secret;
  }

  /** The session of this secret and the credential that opened it; null where it has ended, or its token was replaced. */
  find(secret: string, credentials: Credential[]): FoundSession | null {
    const key = keyOf(secret);
    const session = this.#open.get(key);
    if (session === undefined) return null;
    const nowMs = this.#now();
    const credential = credentials.find(({ digest }) => digest.toHex() === session.token) ?? null;
    this.#open.delete(key);
    if (credential === null || Math.min(session.endMs, session.idleEndMs) <= nowMs) return null;
    this.#open.set(key, { ...session, idleEndMs: nowMs + idleMs });
    return { credential, isTls: session.isTls, key };
  }

  close(secret: string): void {
    this.#open.delete(keyOf(secret));
  }
}

function keyOf(secret: string): string {
  return digestOf(secret).toHex();
}
