// Decides which requests may call the API: those that name this host, come from no other site, and bring the bearer token where
// their path needs one. The token is compared in constant time; wrong tokens are counted per address, and refused beyond a limit.
import { isIP, isIPv6 } from "node:net";
import { problem } from "./problem.ts";

const windowMs = 60_000;
const maxWrong = 10;
const maxAddresses = 1000;

const challenge = 'Bearer realm="bs9"';

/** The paths that need no token. */
const openPaths: ReadonlySet<string> = new Set(["/healthz"]);

export const needsToken = (path: string): boolean => !openPaths.has(path);

export class Auth {
  readonly #digest: Buffer;
  readonly #now: () => number;
  /** Wrong tokens by address, oldest first (insertion order). */
  readonly #wrong = new Map<string, { count: number; untilMs: number }>();

  constructor(token: string, now: () => number) {
    this.#digest = digestOf(token);
    this.#now = now;
  }

  /** The HTTP answer that refuses the request; null if the request is allowed. */
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

/**
 * The HTTP answer that refuses a request without Host, or one that names another host or comes from another site, as the pages
 * of other sites do (DNS rebinding, CSRF). Null if the request is allowed. `ours` are the names of this server. Pure.
 */
export function foreign(headers: Headers, ours: ReadonlySet<string>): Response | null {
  const host = headers.get("host");
  // HTTP/1.0 allows a request without Host; Bun then gives a URL without a host, which cannot be parsed.
  if (host === null) return problem(400, "the request has no Host header");
  const name = nameOf(host);
  if (name === null) return problem(403, "the Host header is not well-formed");
  // An IP address cannot be rebound to another address.
  if (isIP(name) === 0 && !ours.has(name)) return problem(403, "the Host header names another host");
  const origin = headers.get("origin");
  if (origin === null) return null;
  // A page on another port of this machine is another site too. The scheme is ignored, because TLS may end at a proxy.
  const isOwn = /^https?:\/\//.test(origin) && origin.slice(origin.indexOf("//") + 2).toLowerCase() === host.toLowerCase();
  return isOwn ? null : problem(403, "the Origin header names another site");
}

/** The names of a server that listens on `host`. */
export function namesOf(host: string, hostname: string): Set<string> {
  return new Set(["localhost", host, hostname].map((name) => name.toLowerCase()));
}

function nameOf(host: string): string | null {
  const match = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+?)\.?)(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
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
