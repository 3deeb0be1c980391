// Reads the few figures that bs9 needs from the OpenMetrics text of a preload. Pure. The text comes from an app, so each line that
// is not as expected is left out.

export type AppFigures = {
  /** Counts since the process started. */
  requests: number;
  /** Requests that were answered with a status of 5xx. */
  errors: number;
  /** How many requests took at most so many seconds, by the upper bound. */
  buckets: Map<number, number>;
  inFlight: number | null;
  lagMs: number | null;
};

const maxBounds = 64;

/** Null where the text has no figures of requests. */
export function readExposition(text: string): AppFigures | null {
  const found: AppFigures = { requests: 0, errors: 0, buckets: new Map(), inFlight: null, lagMs: null };
  let isKnown = false;
  for (const { prefix, label, take } of families) {
    for (let at = text.startsWith(prefix) ? 0 : after(text, prefix, 0); at !== -1; at = after(text, prefix, at)) {
      const end = text.indexOf("\n", at);
      const sample = sampleIn(text.slice(at + prefix.length, end === -1 ? undefined : end), label);
      if (sample === null) continue;
      isKnown = true;
      take(found, sample.value, sample.label);
    }
  }
  return isKnown ? found : null;
}

/** The next line that begins so; -1 where there is none. */
function after(text: string, prefix: string, at: number): number {
  const found = text.indexOf(`\n${prefix}`, at);
  return found === -1 ? -1 : found + 1;
}

type Family = {
  prefix: string;
  /** The only label that matters. */
  label: string;
  take: (to: AppFigures, value: number, label: string | null) => void;
};

const families: readonly Family[] = [
  {
    prefix: "http_requests_total",
    label: "status",
    take(to, value, status) {
      to.requests += value;
      if (status?.startsWith("5")) to.errors += value;
    },
  },
  {
    prefix: "http_request_duration_seconds_bucket",
    label: "le",
    take({ buckets }, value, le) {
      const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : numberOf(le ?? "");
      if (bound === null || (!buckets.has(bound) && buckets.size === maxBounds)) return;
      buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    },
  },
  {
    prefix: "http_requests_in_flight",
    label: "",
    take(to, value) {
      to.inFlight = (to.inFlight ?? 0) + value;
    },
  },
  {
    prefix: "nodejs_eventloop_lag_max_seconds",
    label: "",
    take(to, value) {
      to.lagMs = value * 1000;
    },
  },
];

/** What follows the name of a family: labels or none, then the value; a timestamp or an exemplar may follow. */
function sampleIn(rest: string, wanted: string): { value: number; label: string | null } | null {
  let label: string | null = null;
  let at = 0;
  if (rest[0] === "{") {
    for (at = 1; rest[at] !== "}"; ) {
      const open = rest.indexOf('="', at);
      if (open === -1) return null;
      const close = closingQuote(rest, open + 2);
      const name = rest.slice(at, open);
      if (close === -1 || !/^[A-Za-z_]\w*$/.test(name)) return null;
      if (name === wanted) label = rest.slice(open + 2, close);
      at = close + 1;
      if (rest[at] === ",") at++;
      else if (rest[at] !== "}") return null;
    }
    at++;
  }
  if (rest[at] !== " ") return null;
  const end = rest.indexOf(" ", at + 1);
  const value = numberOf(rest.slice(at + 1, end === -1 ? undefined : end));
  return value === null ? null : { value, label };
}

/** The first quote from there on that is not escaped, so that nothing in a label is taken for what follows it. */
function closingQuote(text: string, from: number): number {
  for (let at = from; ; at++) {
    at = text.indexOf('"', at);
    if (at === -1) return -1;
    let slashes = 0;
    while (at - slashes - 1 >= from && text[at - slashes - 1] === "\\") slashes++;
    if (slashes % 2 === 0) return at;
  }
}

/** No count and no duration is negative or infinite. */
function numberOf(text: string): number | null {
  if (!/^\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/.test(text)) return null;
  const value = Number(text);
  return value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/**
 * The time in ms within which this share of the requests was answered: an estimate, interpolated within its bucket as Prometheus
 * does. Null without requests, and where it is greater than the last finite bound.
 */
export function quantileMs(buckets: ReadonlyMap<number, number>, share: number): number | null {
  const bounds = [...buckets.keys()].sort((a, b) => a - b);
  const total = buckets.get(bounds.at(-1) ?? 0) ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let [below, counted] = [0, 0];
  for (const bound of bounds) {
    const count = buckets.get(bound) ?? 0;
    if (count >= rank && count > counted) {
      // The requests in the last bucket took longer than all other bounds, and nothing tells how long.
      if (bound === Number.POSITIVE_INFINITY) return null;
      return (below + ((bound - below) * (rank - counted)) / (count - counted)) * 1000;
    }
    [below, counted] = [bound, Math.max(counted, count)];
  }
  return null;
}
