// Decides who may call the API. The rule: a request needs the token, or the session that logging in with it has opened; the
// read-only token and its sessions may only read. The table of routes (routes.ts) says what each path needs: nothing, to read,
// or the full token. A POST or a WebSocket with a session must come from a page of this server. Wrong tokens are counted for each
// address, and refused beyond a limit.
//
// Before this file, origin.ts refuses a foreign Host or Origin. These files keep the tokens and sessions, each with its own limits of
// number and age: token.ts the files of the tokens, credentials.ts the tokens that are accepted now, login-code.ts the codes of
// login URLs, sessions.ts the open sessions.
import { isIPv6 } from "node:net";
import { isLoopback } from "../base/loopback.ts";
import { type Credential, digestOf } from "./credentials.ts";
import { type HttpAnswer, problem } from "./problem.ts";
import type { WebSessions } from "./sessions.ts";
import type { AccessLevel } from "./token.ts";

const windowMs = 60_000;
const maxWrong = 10;
const maxAddresses = 1000;

const challenge = 'Bearer realm="bs9"';

/** `holder` tells one session or token from another, for limits. */
export type Access = { level: AccessLevel; by: "token" | "session"; holder: string };

export type AuthOptions = { credentials: () => Credential[]; sessions: WebSessions; cookieName: string; now: () => number };

/** The parts of a request that decide who sent it. */
export type Caller = { headers: Headers; address: string; isTls: boolean };

/** What a route asks of its callers. */
export type Admission = {
  /** `full`: the token that may act, and not the read-only one. */
  needs: "nothing" | AccessLevel;
  method: "GET" | "POST";
  /** True where the connection becomes a WebSocket. */
  isSocket?: boolean;
  /** True where GET uses something up: HEAD is then not allowed, and a browser that loads pages in advance is refused. */
  usesUp?: boolean;
};

export class Auth {
  readonly #options: AuthOptions;
  /** Wrong tokens by address, oldest first (insertion order). */
  readonly #wrong = new Map<string, { count: number; untilMs: number }>();

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  /** Returns what the caller may do on a route, null on a route that needs nothing, or the answer that refuses the request. */
  admit(caller: Caller, { needs, method, isSocket, usesUp }: Admission): Access | HttpAnswer | null {
    const { headers } = caller;
    if (usesUp === true && /\bprefetch\b/i.test(`${headers.get("sec-purpose")} ${headers.get("purpose")}`))
      return problem(403, "this path must not be loaded in advance");
    if (needs === "nothing") return null;
    const access = this.access(caller);
    if ("status" in access) return access;
    if (needs === "full" && access.level !== "full") return problem(403, "this token is read-only");
    // Browsers send Origin with every POST and WebSocket, so a session without it was not used by a page of this server.
    if ((method === "POST" || isSocket === true) && access.by === "session" && !headers.has("origin"))
      return problem(403, "a request with a session needs the Origin header");
    return access;
  }

  /** Returns what the caller may do, or the answer that refuses the request. */
  access({ headers, address, isTls }: Caller): Access | HttpAnswer {
    const { credentials, sessions } = this.#options;
    const sent = headers.get("authorization");
    if (sent !== null) {
      const found = this.check(/^Bearer +(\S+)$/i.exec(sent)?.[1] ?? null, address);
      return "status" in found ? found : { level: found.level, by: "token", holder: `token ${found.level}` };
    }
    const secret = this.secretIn(headers);
    const found = secret === null ? null : sessions.find(secret, credentials());
    // What was sent over plain HTTP may have been read by others, so such a session is not valid over TLS; nor the other way.
    if (found !== null && found.isTls === isTls) return { level: found.credential.level, by: "session", holder: found.key };
    const detail =
      secret === null ? "a token is needed: Authorization: Bearer …" : "the session has ended, or was opened without TLS: log in again";
    return problem(401, detail, { "WWW-Authenticate": challenge });
  }

  /**
   * Finds the credential of a token, or makes the answer that refuses it. The right token is always accepted: otherwise any
   * program on the same address could lock the owner out with ten wrong tokens. A correct guess would be accepted too, but a
   * token has at least 16 characters, and one made by bs9 has 256 random bits.
   */
  check(token: string | null, address: string): Credential | HttpAnswer {
    const digest = token === null ? null : digestOf(token);
    let found: Credential | null = null;
    // Every credential is compared, so that the time does not tell which one a token resembles.
    for (const one of this.#options.credentials()) if (digest !== null && crypto.timingSafeEqual(digest, one.digest)) found = one;
    return found ?? this.wrong(address, "the token is wrong");
  }

  /** Counts a wrong token or login code, and makes the answer that refuses it. */
  wrong(address: string, detail: string): HttpAnswer {
    const from = networkOf(address);
    const now = this.#options.now();
    const before = this.#wrong.get(from);
    if (before !== undefined && before.untilMs > now && before.count >= maxWrong) {
      const waitSeconds = Math.ceil((before.untilMs - now) / 1000);
      return problem(429, "too many wrong tokens", { "Retry-After": String(waitSeconds) });
    }
    this.#count(from, now, before);
    return problem(401, detail, { "WWW-Authenticate": `${challenge}, error="invalid_token"` });
  }

  /** The secret in the cookie of this server; null where there is none. */
  secretIn(headers: Headers): string | null {
    const { cookieName } = this.#options;
    for (const part of (headers.get("cookie") ?? "").split(";")) {
      const [name, value] = part.trim().split("=");
      if (name === cookieName && value !== undefined && value !== "") return value;
    }
    return null;
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
 * True if the client uses TLS: to this server, or to the reverse proxy before it. X-Forwarded-Proto is believed from this machine,
 * and from other machines where the public address has https. A proxy on this machine that does not send X-Forwarded-Proto is
 * recognized by its Host. Without both headers, a client that reaches this server directly over plain HTTP must not count as TLS.
 */
export function usesTls({ headers, address }: Omit<Caller, "isTls">, isOwnTls: boolean, publicUrl: string | null): boolean {
  if (isOwnTls) return true;
  const url = publicUrl === null ? null : new URL(publicUrl);
  const isPublicTls = url?.protocol === "https:";
  const isLocal = isLoopback(address.replace(/^::ffff:/, ""));
  const forwarded = headers.get("x-forwarded-proto");
  if (forwarded !== null) return (isLocal || isPublicTls) && forwarded.toLowerCase() === "https";
  return isLocal && isPublicTls && headers.get("host")?.toLowerCase().replace(/:443$/, "") === url.host;
}

/** The owner of one IPv6 address has all 2^64 addresses of its network. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return groups.slice(0, 4).join(":");
}
