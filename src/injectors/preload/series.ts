// The counts of requests by method, route and class of the status. Counting a request writes a few numbers; no text is made before
// somebody asks. The exposition has a limit in bytes, so the number of series has one.
import { now } from "./clock.ts";

/** Upper bounds of the duration histogram, in seconds. */
export const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

const maxRoutes = 100;
const maxRouteLength = 100;
/** The routes share these bytes of the exposition; the series of the route `other` and the process need the rest of 200 KB. */
const maxRouteBytes = 150_000;
/** What a line has beside its route: the name, the other labels and a count. */
const lineBytes = 75;

export type Series = {
  method: string;
  route: string;
  /** By the index in `statusClasses`. */
  byClass: number[];
  /** By the index in `bounds`; the last one is for longer durations. Not cumulative. */
  buckets: number[];
  seconds: number;
};

export type CountedRoute = {
  label: string;
  get: Series | null;
  byMethod: Map<string, Series>;
  /** How many answers were looked at, and left out, since the last ones whose type was read. */
  looks: number;
};

export const allSeries: Series[] = [];
const routes = new Map<string, CountedRoute>();
let spentBytes = 0;

export const otherRoute: CountedRoute = { label: "other", get: null, byMethod: new Map(), looks: 0 };

/** The route with this pattern. Null if there are too many already. */
export function routeOf(pattern: string): CountedRoute | null {
  const label = pattern.slice(0, maxRouteLength).replace(/[^\x20-\x7e]|["\\]/g, "_");
  const known = routes.get(label);
  if (known !== undefined) return known;
  if (routes.size >= maxRoutes) return null;
  const route: CountedRoute = { label, get: null, byMethod: new Map(), looks: 0 };
  routes.set(label, route);
  return route;
}

export const knownRoute = (label: string): CountedRoute | undefined => routes.get(label);

/** Counts one answered request; `began` is a time of now(). */
export function count(route: CountedRoute, method: string, status: number, began: number): void {
  const series = method === "GET" && route.get !== null ? route.get : seriesOf(route, method);
  const seconds = (now() - began) / 1000;
  const at = ((status / 100) | 0) - 1;
  const group = at >= 0 && at < 5 ? at : 4;
  series.byClass[group] = (series.byClass[group] as number) + 1;
  let bucket = 0;
  while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
  series.buckets[bucket] = (series.buckets[bucket] as number) + 1;
  series.seconds += seconds;
}

function seriesOf(route: CountedRoute, method: string): Series {
  const name = methods.includes(method) ? method : "OTHER";
  const known = route.byMethod.get(name);
  if (known !== undefined) return known;
  if (route !== otherRoute) {
    const bytes = (bounds.length + 3 + statusClasses.length) * (lineBytes + route.label.length);
    if (spentBytes + bytes > maxRouteBytes) return seriesOf(otherRoute, method);
    spentBytes += bytes;
  }
  const buckets = bounds.map(() => 0);
  const series = { method: name, route: route.label, byClass: statusClasses.map(() => 0), buckets: [...buckets, 0], seconds: 0 };
  allSeries.push(series);
  route.byMethod.set(name, series);
  if (name === "GET") route.get = series;
  return series;
}
