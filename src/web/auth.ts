// Authentication by bearer token, compared in constant time. Wrong tokens are counted per address, and refused beyond a limit.
import { isIPv6 } from "node:net";
import { problem } from "./problem.ts";

const windowMs = 60_000;
const maxWrong = 10;
const maxAddresses = 1000;

const challenge = 'Bearer realm="bs9"';

export class Auth {
  readonly #digest: Buffer;
  readonly #now: () => number;
  /** Wrong tokens by address, oldest first (insertion order). */
  readonly #wrong = new Map<string, { count: number; untilMs: number }>();

  constructor(token: string, now: () => number) {
    this.#digest = digestOf(token);
    this.#now = now;
  }

  /** The answer that refuses the request, or null where it is allowed. */
  refusal(headers: Headers, address: string): Response | null {
    const sent = headers.get("authorization");
    if (sent === null) return problem(401, "a token is needed: Authorization: Bearer …", { "WWW-Authenticate": challenge });
    const token = /^Bearer +(\S+)$/i.exec(sent)?.[1];
    // The right token is always accepted: otherwise any program on the same address could lock the owner out with ten wrong
    // tokens. A correct guess would be accepted too, but a token has at least 16 characters, and one made by bs9 has 256 random
    // bits.
    if (token !== undefined && crypto.timingSafeEqual(digestOf(token), this.#digest)) return null;
    const from = networkOf(address);
    const now = this.#now();
    const before = this.#wrong.get(from);
    if (before !== undefined && before.untilMs > now && before.count >= maxWrong) {
      const waitSeconds = Math.ceil((before.untilMs - now) / 1000);
      return problem(429, "too many wrong tokens", { "Retry-After": String(waitSeconds) });
    }
    this.#count(from, now, before);
    return problem(401, "the token is wrong", { "WWW-Authenticate": `${challenge}, error="invalid_token"` });
  }

  #count(from: string, now: number, before: { count: number; untilMs: number } | undefined): void {
    if (before !== undefined && before.untilMs > now) {
      before.count++;
      return;
    }
    this.#wrong.delete(from);
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size >= maxAddresses && oldest !== undefined) this.#wrong.delete(oldest);
    this.#wrong.set(from, { count: 1, untilMs: now + windowMs });
  }
}

/** A digest, so that both sides of the comparison have the same length. */
function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}

/** The owner of one IPv6 address has all 2^64 addresses of its network. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return groups.slice(0, 4).join(":");
}
