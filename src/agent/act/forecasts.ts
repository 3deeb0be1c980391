// Predicts from the stored samples when memory or a disk is full, for the rules on that. Seldom and in the background, because it
// reads hundreds of samples.
import { hasComeDown, type TrendPoint, timeUntilFull } from "../../alerting/ahead/trend.ts";
import type { RuleSet } from "../../alerting/rules/rules.ts";
import type { ThresholdName } from "../../alerting/rules/table.ts";
import { reasonOf } from "../../base/errors.ts";
import type { FigureName } from "../../metrics/figures.ts";
import { hostName } from "../../metrics/subject.ts";
import type { Point, StorageReader } from "../../storage/storage.ts";

const everyMs = 60_000;
/** A prediction that is older, because later ones failed, is not used. */
const longestUseMs = 300_000;
const pieceMs = 10;
/** A trend is looked for in twice the time that is predicted, in this many steps at most. */
const steps = 240;
/** A tooth of the memory is known from this long ago. */
const historyMs = 86_400_000;
const windows = 24;

const disks = ["homeUsedPercent", "stateUsedPercent", "projectsUsedPercent"] as const;

export type Forecast = { memoryFullMs: number | null; diskFullMs: number | null };
const unknown: Forecast = { memoryFullMs: null, diskFullMs: null };
const never: Forecast = { memoryFullMs: Number.POSITIVE_INFINITY, diskFullMs: Number.POSITIVE_INFINITY };

type Reader = Pick<StorageReader, "series">;
export type ForecastSubject = { name: string; rules: RuleSet; memoryLimitBytes: number | null };

/** What the rules on a subject need. */
export async function forecastOf(storage: Reader, { name, rules, memoryLimitBytes }: ForecastSubject, atMs: number): Promise<Forecast> {
  const until = async (rule: ThresholdName, figures: readonly FigureName<"service" | "host">[], limit: number | null) => {
    const aheadMs = rules.thresholds.find((one) => one.name === rule)?.value;
    if (aheadMs === undefined || limit === null) return null;
    const known: number[] = [];
    for (const figure of figures) {
      const ms = await figureForecast(storage, { subject: name, figure, limit, aheadMs, atMs });
      if (ms !== null) known.push(ms);
    }
    return known.length === 0 ? null : Math.min(...known);
  };
  if (name !== hostName) return { memoryFullMs: await until("memoryFull", ["memoryBytes"], memoryLimitBytes), diskFullMs: null };
  return { memoryFullMs: await until("hostMemoryFull", ["memoryPercent"], 100), diskFullMs: await until("hostDiskFull", disks, 100) };
}

type Asked = { subject: string; figure: FigureName; limit: number; aheadMs: number; atMs: number };

async function figureForecast(storage: Reader, { subject, figure, limit, aheadMs, atMs }: Asked): Promise<number | null> {
  const read = async (backMs: number, stepMs: number) =>
    trendPoints(await storage.series(subject, { fromMs: atMs - backMs, toMs: atMs + 1 }, Math.max(1, Math.round(stepMs))), figure);
  const backMs = 2 * aheadMs;
  const ms = timeUntilFull(await read(backMs, backMs / steps), limit, aheadMs);
  if (ms === null || ms > aheadMs) return ms;
  // Only what would alert is compared with a whole day.
  const history = await read(Math.max(historyMs, backMs), backMs / windows);
  return hasComeDown(history) ? Number.POSITIVE_INFINITY : ms;
}

/** A service that was started again begins anew. */
function trendPoints(points: readonly Point[], figure: FigureName): TrendPoint[] {
  const from = points.findLastIndex(({ restarted, state }) => (restarted ?? 0) > 0 || (state !== undefined && state !== "active"));
  return points.slice(from + 1).flatMap((point) => {
    const value = point[figure] ?? null;
    if (value === null) return [];
    const [least, most] = [boundOf(point, `${figure}Min`), boundOf(point, `${figure}Max`)];
    return [{ atMs: point.atMs, least: least ?? value, most: most ?? value }];
  });
}

const boundOf = (point: Point, name: string): number | null => (point as Partial<Record<string, number | null>>)[name] ?? null;

/** `run` identifies the present run of the service; null for the host, and while the service does not run. */
type Running = { run: string | null };
/** `uptimeMs`: when it was predicted, on the monotonic clock. */
type KnownForecast = Running & { forecast: Forecast; uptimeMs: number };

export class Forecasts {
  readonly #storage: Reader;
  readonly #say: (sentence: string) => void;
  #known = new Map<string, KnownForecast>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #work: Promise<void> | null = null;
  #isClosed = false;

  constructor(storage: Reader, say: (sentence: string) => void) {
    this.#storage = storage;
    this.#say = say;
  }

  /** A prediction from an earlier run of the service says nothing of the present run, whose memory begins anew. */
  of(subject: string, run: string | null, uptimeMs: number): Forecast {
    const known = this.#known.get(subject);
    if (known === undefined || uptimeMs - known.uptimeMs > longestUseMs) return unknown;
    return known.run === run ? known.forecast : never;
  }

  /** Starts the predictions if the last ones are old; does not wait for them. */
  look(subjects: () => (ForecastSubject & Running)[], { uptimeMs, atMs }: { uptimeMs: number; atMs: number }): void {
    if (this.#work !== null || uptimeMs - this.#lookedMs < everyMs) return;
    this.#lookedMs = uptimeMs;
    const asked = subjects().filter(({ rules }) => rules.thresholds.some(({ name }) => forecastRules.has(name)));
    if (asked.length === 0) {
      this.#known.clear();
      return;
    }
    this.#work = this.#look(asked, { uptimeMs, atMs })
      .catch((error: unknown) => this.#say(`cannot predict for alerts when memory or a disk is full: ${reasonOf(error)}`))
      .finally(() => {
        this.#work = null;
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  async #look(asked: readonly (ForecastSubject & Running)[], { uptimeMs, atMs }: { uptimeMs: number; atMs: number }): Promise<void> {
    const known = new Map<string, KnownForecast>();
    let beganMs = performance.now();
    for (const subject of asked) {
      // SQLite answers without a pause, so a thousand services in one piece would keep the next turn waiting.
      if (performance.now() - beganMs >= pieceMs) {
        await Bun.sleep(pieceMs);
        beganMs = performance.now();
      }
      if (this.#isClosed) return;
      known.set(subject.name, { run: subject.run, uptimeMs, forecast: await forecastOf(this.#storage, subject, atMs) });
    }
    this.#known = known;
  }
}

const forecastRules = new Set<string>(["memoryFull", "hostMemoryFull", "hostDiskFull"] satisfies ThresholdName[]);
