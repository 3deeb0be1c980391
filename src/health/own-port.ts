// Probes a service's own port: on 127.0.0.1, and if that refuses, on the other addresses where the service listens on the port.
import { errnoOf } from "../base/errors.ts";
import { type HeldAmong, otherHosts } from "./addresses.ts";

export const connectionRefused: unique symbol = Symbol("nobody listens there");
/** The result of one probe of a port: null if the service is healthy, otherwise the reason why not. */
export type AttemptResult = string | null | typeof connectionRefused;

/** All attempts together take at most `timeoutMs`. */
export async function onOwnPort(
  port: number,
  timeoutMs: number,
  heldAmong: HeldAmong,
  attempt: (host: string, leftMs: number) => Promise<AttemptResult>,
): Promise<string | null> {
  const endMs = performance.now() + timeoutMs;
  let answer = await attempt("127.0.0.1", timeoutMs);
  if (answer === connectionRefused) {
    for (const host of otherHosts(port, heldAmong)) {
      const leftMs = Math.ceil(endMs - performance.now());
      if (leftMs <= 0) break;
      answer = await attempt(host, leftMs);
      if (answer !== connectionRefused) break;
    }
  }
  return answer === connectionRefused ? `port ${port} accepts no connection` : answer;
}

/** The errors of an address without a listener; some mean that the machine lacks the address, such as ::1 without IPv6. */
const nobody = new Set(["ECONNREFUSED", "EADDRNOTAVAIL", "ENETUNREACH", "EAFNOSUPPORT", "EINVAL"]);

export const isRefused = (error: unknown): boolean => nobody.has(errnoOf(error) ?? "");
