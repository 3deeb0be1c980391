// When a value that grows reaches its limit, from its latest samples. Pure.
//
// The memory of a program with a garbage collector goes up and down like the teeth of a saw, so a line through its samples says
// nothing: its slope is that of the last tooth. What stays after a collection is what leaks, so the slope is that of the least
// values of windows in time. It is the median of the slopes between all pairs of windows (Theil 1950, Sen 1968), which a quarter
// of wrong windows does not change (Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63, 1968). The
// line goes through the greatest values, because the first tooth that reaches the limit is what ends the program.

/** One sample, or several that were folded: `least` and `most` are the bounds of the value. */
export type TrendPoint = { atMs: number; least: number; most: number };

const windows = 24;
/** Fewer windows than these with samples show no trend. */
const minWindows = 16;
/**
 * The least rank correlation (Kendall's tau) of the windows and their time. Two whole teeth of a saw have 0.5, because each half
 * rises, and a leak under noise has 0.8 and more.
 */
const minTau = 0.7;
/** A fall by this share is more than noise. */
const fallShare = 0.05;
/** Teeth differ in height: the value has to come above an earlier one by this share of the fall after it. */
const overShare = 0.35;

/** How much of the time that is looked ahead has to be known: a line through less would be drawn too far. */
const leastKnown = 0.5;

/**
 * In how many ms after the last point the value reaches the limit: Infinity where it does not grow, or not steadily. Null where
 * the points say too little about the next `aheadMs`. `points` are in order of time.
 */
export function timeUntilFull(points: readonly TrendPoint[], limit: number, aheadMs: number): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || !(limit > 0)) return null;
  const spanMs = last.atMs - first.atMs;
  if (spanMs <= 0 || spanMs < aheadMs * leastKnown) return null;
  if (last.most >= limit) return 0;
  const shown = windowsOf(points, first.atMs, spanMs);
  if (shown.length < minWindows) return null;
  if (tauOf(shown) < minTau) return Number.POSITIVE_INFINITY;
  const slope = median(pairsOf(shown, (a, b) => (b.least - a.least) / (b.atMs - a.atMs)));
  if (!(slope > 0)) return Number.POSITIVE_INFINITY;
  const level = median(shown.map(({ mostAtMs, most }) => most - slope * (mostAtMs - last.atMs)));
  return Math.max(0, (limit - level) / slope);
}

/**
 * True where the value was about as high as now before, and came down by itself: then it is a long tooth, and no leak. `history`
 * reaches further back than the points that showed the trend; each point is as long as a window of them.
 */
export function hasComeDown(history: readonly TrendPoint[]): boolean {
  const present = history.at(-1)?.most ?? 0;
  // A later point has to lie below as a whole, because a single sample may be wrong.
  let lowest = Number.POSITIVE_INFINITY;
  for (const { least, most } of history.toReversed()) {
    const fall = least - lowest;
    if (fall > least * fallShare && present <= most + Math.max(most * fallShare, fall * overShare)) return true;
    lowest = Math.min(lowest, most);
  }
  return false;
}

/** `atMs`: when the least value was measured; `mostAtMs`: when the greatest. */
type Window = { atMs: number; least: number; mostAtMs: number; most: number };

function windowsOf(points: readonly TrendPoint[], fromMs: number, spanMs: number): Window[] {
  const found: (Window | undefined)[] = [];
  for (const { atMs, least, most } of points) {
    const i = Math.min(windows - 1, Math.floor(((atMs - fromMs) / spanMs) * windows));
    const one = found[i];
    if (one === undefined) found[i] = { atMs, least, mostAtMs: atMs, most };
    else {
      if (least < one.least) Object.assign(one, { atMs, least });
      if (most > one.most) Object.assign(one, { mostAtMs: atMs, most });
    }
  }
  return found.filter((one) => one !== undefined);
}

function tauOf(shown: readonly Window[]): number {
  const signs = pairsOf(shown, (a, b) => Math.sign(b.least - a.least));
  return signs.reduce((sum, sign) => sum + sign, 0) / signs.length;
}

function pairsOf(shown: readonly Window[], of: (a: Window, b: Window) => number): number[] {
  return shown.flatMap((a, i) => shown.slice(i + 1).map((b) => of(a, b)));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
