// The codes of login URLs. A code is made from the token, so that `bs9 web --print-url` makes one without asking the server;
// the server accepts each code once, for a few minutes.
import type { Credential } from "./credentials.ts";
import { randomToken } from "./token.ts";

const validMs = 5 * 60_000;
/** Two processes of one host read the same clock; this much may lie between their readings. */
const aheadMs = 5000;
const maxUsed = 1000;

/** Makes a code for the server on this port. */
export function loginCode({ token, level }: Pick<Credential, "token" | "level">, port: number, nowMs: number): string {
  const text = `${level}.${Math.floor(nowMs)}.${randomToken()}`;
  return `${text}.${signed(token, port, text)}`;
}

export class LoginCodes {
  readonly #port: number;
  readonly #now: () => number;
  /** Codes made before the server started are refused, because a server that ran earlier may have accepted them. */
  readonly #startedMs: number;
  readonly #used = new Map<string, number>();

  constructor(port: number, now: () => number) {
    this.#port = port;
    this.#now = now;
    this.#startedMs = Math.floor(now());
  }

  /** The credential that the code was made from; null where the code is wrong, was used before, or is too old. */
  redeem(code: string, credentials: Credential[]): Credential | null {
    const [level = "", made = "", nonce = "", signature = "", ...more] = code.split(".");
    const credential = credentials.find((one) => one.level === level);
    if (credential === undefined || more.length > 0 || !/^\d{1,15}$/.test(made)) return null;
    const expected = Buffer.from(signed(credential.token, this.#port, `${level}.${made}.${nonce}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) return null;
    const nowMs = this.#now();
    for (const [key, endMs] of this.#used) if (endMs < nowMs) this.#used.delete(key);
    const madeMs = Number(made);
    const isInTime = madeMs >= this.#startedMs && madeMs <= nowMs + aheadMs && madeMs + validMs > nowMs;
    if (!isInTime || this.#used.has(nonce) || this.#used.size >= maxUsed) return null;
    this.#used.set(nonce, madeMs + validMs);
    return credential;
  }
}

function signed(token: string, port: number, text: string): string {
  return new Bun.CryptoHasher("sha256", token).update(`bs9 login ${port} ${text}`).digest("base64url");
}
