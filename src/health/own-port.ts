// A probe of a service's own port: on 127.0.0.1, and where that refuses, wherever else the service listens on the port.
import { errnoOf } from "../base/errors.ts";
import { type HeldAmong, otherHosts } from "./addresses.ts";

export const refused: unique symbol = Symbol("nobody listens there");
/** Null is healthy, else the reason. */
export type Answer = string | null | typeof refused;

/** All attempts together take no longer than `timeoutMs`. */
export async function onOwnPort(
  port: number,
  timeoutMs: number,
  heldAmong: HeldAmong,
  attempt: (host: string, leftMs: number) => Promise<Answer>,
): Promise<string | null> {
  const endMs = performance.now() + timeoutMs;
  let answer = await attempt("127.0.0.1", timeoutMs);
  if (answer === refused) {
    for (const host of otherHosts(port, heldAmong)) {
      const leftMs = Math.ceil(endMs - performance.now());
      if (leftMs <= 0) break;
      answer = await attempt(host, leftMs);
      if (answer !== refused) break;
    }
  }
  return answer === refused ? `port ${port} takes no connection` : answer;
}

/** Also where the machine has no such address: one without IPv6 has no ::1. */
const nobody = new Set(["ECONNREFUSED", "EADDRNOTAVAIL", "ENETUNREACH", "EAFNOSUPPORT", "EINVAL"]);

export const isRefused = (error: unknown): boolean => nobody.has(errnoOf(error) ?? "");
