// Checks which host a request names and which site it comes from, which keeps out pages of other sites (DNS rebinding, CSRF).
// Pure.
import { isIP } from "node:net";

/** Why the request is refused, or null. `ours` are the names of this server. */
export function foreign(headers: Headers, ours: ReadonlySet<string>): string | null {
  const host = headers.get("host");
  if (host !== null) {
    const name = nameOf(host);
    if (name === null) return "the Host header is not well-formed";
    // An IP address cannot be rebound to another address.
    if (isIP(name) === 0 && !ours.has(name)) return "the Host header names another host";
  }
  const origin = headers.get("origin");
  if (origin === null) return null;
  // A page on another port of this machine is another site too. The scheme is ignored, because TLS may end at a proxy.
  const isOwn = host !== null && /^https?:\/\//.test(origin) && origin.slice(origin.indexOf("//") + 2).toLowerCase() === host.toLowerCase();
  return isOwn ? null : "the Origin header names another site";
}

/** The names of a server that listens on `host`. */
export function namesOf(host: string, hostname: string): Set<string> {
  return new Set(["localhost", host, hostname].map((name) => name.toLowerCase()));
}

function nameOf(host: string): string | null {
  const match = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+?)\.?)(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}
