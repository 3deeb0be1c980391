// Refuses requests that name another host or come from another site, as the pages of other sites send them (DNS rebinding,
// CSRF). Pure.
import { isIP, isIPv6 } from "node:net";
import { type HttpAnswer, problem } from "./problem.ts";

/**
 * `names` are the names of this server. `origin` is the origin of its address behind a reverse proxy, such as
 * `https://ops.example.com`, or null.
 */
export type OwnNames = { names: ReadonlySet<string>; origin: string | null };

/** The HTTP answer that refuses a request without Host, or one that names another host or site. Null if it is allowed. */
export function foreign(headers: Headers, ours: OwnNames): HttpAnswer | null {
  const host = headers.get("host");
  // HTTP/1.0 allows a request without Host; Bun then gives a URL without a host, which cannot be parsed.
  if (host === null) return problem(400, "the request has no Host header");
  const name = nameOf(host);
  if (name === null) return problem(403, "the Host header is not well-formed");
  // An IP address cannot be rebound to another address.
  if (isIP(name) === 0 && !ours.names.has(name)) return problem(403, "the Host header names another host");
  const origin = headers.get("origin");
  if (origin === null) return null;
  if (origin.toLowerCase() === ours.origin) return null;
  // A page on another port of this machine is another site too. The scheme is ignored, because TLS may end at a proxy.
  const isOwn = /^https?:\/\//.test(origin) && origin.slice(origin.indexOf("//") + 2).toLowerCase() === host.toLowerCase();
  return isOwn ? null : problem(403, "the Origin header names another site");
}

/** The names of a server that listens on `host`, and has the address `publicUrl` behind a reverse proxy. */
export function ownNamesOf(host: string, hostname: string, publicUrl: string | null): OwnNames {
  const url = publicUrl === null ? null : new URL(publicUrl);
  const names = ["localhost", host, hostname, ...(url === null ? [] : [url.hostname])].map((name) => name.toLowerCase());
  return { names: new Set(names), origin: url?.origin ?? null };
}

/** Returns null where the header is not well-formed: Bun then gives a URL that cannot be parsed. */
function nameOf(host: string): string | null {
  const [, bracketed, name, port] = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+?)\.?)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (Number(port ?? 0) > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) return null;
  return (bracketed ?? name)?.toLowerCase() ?? null;
}
