// The route of a request whose app says none: its path with the ids folded.
import { type CountedRoute, knownRoute, otherRoute, routeOf } from "./series.ts";

/** Numbers, UUIDs, hashes, and words that are too long or too mixed to be written by a person. */
const idLike = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*\d)[0-9a-f]{8,}|(?=.*\d)[\w~-]{16,}|.{33,})$/i;
const maxSegments = 6;
const maxCached = 512;
const maxCachedLength = 256;

/** From a URL as the request has it to its route, so that a URL that comes often is not taken apart each time. */
const cached = new Map<string, CountedRoute>();

export function routeOfUrl(url: string, status: number): CountedRoute {
  const known = cached.get(url);
  if (known !== undefined) return known;
  const route = routeOfPath(pathOf(url), status);
  if (route === null) return otherRoute;
  if (url.length <= maxCachedLength) {
    if (cached.size >= maxCached) cached.clear();
    cached.set(url, route);
  }
  return route;
}

/** A path that was only ever not found makes no route: anybody can ask for such paths until no room is left for real ones. */
function routeOfPath(path: string, status: number): CountedRoute | null {
  const pattern = folded(path);
  return status === 404 ? (knownRoute(pattern) ?? null) : routeOf(pattern);
}

export function folded(path: string): string {
  const segments = path.slice(0, 2048).split("/");
  const short = segments.length > maxSegments + 1 ? [...segments.slice(0, maxSegments + 1), "*"] : segments;
  return short.map((segment) => (idLike.test(segment) ? ":id" : segment)).join("/");
}

/** The path of an absolute URL, or of a target such as `/a?b`. */
export function pathOf(url: string): string {
  let from = 0;
  if (!url.startsWith("/")) {
    const scheme = url.indexOf("://");
    from = scheme === -1 ? 0 : url.indexOf("/", scheme + 3);
    if (from === -1) return "/";
  }
  const query = url.indexOf("?", from);
  const fragment = url.indexOf("#", from);
  const end = Math.min(query === -1 ? url.length : query, fragment === -1 ? url.length : fragment);
  return url.slice(from, end) || "/";
}
