// The small charts of the table: the CPU of the last hour in a few buckets. The history of a service is asked for when its row
// comes into view, a few at a time; from then on the stream goes on with it.
import type { Point } from "../../../storage/storage.ts";
import { apiGet } from "../base/api.ts";
import { drawing, setAttribute } from "../base/dom.ts";

const buckets = 20;
const bucketMs = 180_000;
const [width, height] = [80, 20];
const maxAsking = 3;
/** Where nothing was busy, noise must not look like load. */
const leastPeak = 5;

type Series = { values: (number | null)[]; endMs: number };

export class Spark {
  readonly root: SVGSVGElement;
  readonly #area = drawing("path", { class: "area" });
  readonly #line = drawing("path", { class: "line" });
  #series: Series | null = null;

  constructor() {
    const box = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" };
    this.root = drawing("svg", { class: "spark", ...box }, this.#area, this.#line);
  }

  get isFilled(): boolean {
    return this.#series !== null;
  }

  fill(points: readonly (Pick<Point, "cpuPercent"> & { at: string })[], nowMs: number): void {
    const endMs = Math.ceil(nowMs / bucketMs) * bucketMs;
    const values: (number | null)[] = Array(buckets).fill(null);
    for (const { at, cpuPercent } of points) {
      const index = buckets - 1 - Math.floor((endMs - 1 - Date.parse(at)) / bucketMs);
      if (index >= 0 && index < buckets && cpuPercent != null) values[index] = Math.max(values[index] ?? 0, cpuPercent);
    }
    this.#series = { values, endMs };
    this.#draw();
  }

  /** Takes a sample of the stream; draws only when it changes the picture visibly. */
  add(cpuPercent: number | null, atMs: number): void {
    const series = this.#series;
    if (series === null || cpuPercent === null) return;
    while (atMs >= series.endMs) {
      series.values.shift();
      series.values.push(null);
      series.endMs += bucketMs;
    }
    const last = series.values[buckets - 1] ?? null;
    if (last !== null && cpuPercent < last * 1.05) return;
    series.values[buckets - 1] = cpuPercent;
    this.#draw();
  }

  #draw(): void {
    const values = this.#series?.values ?? [];
    const { line, area } = pathsOf(values);
    setAttribute(this.#line, "d", line);
    setAttribute(this.#area, "d", area);
  }
}

/** The paths of the line and of the area below it; unknown values are gaps. Pure. */
function pathsOf(values: readonly (number | null)[]): { line: string; area: string } {
  const peak = Math.max(leastPeak, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  let line = "";
  let area = "";
  let beganAt: number | null = null;
  const place = (value: number) => (height - 1 - (value / peak) * (height - 2)).toFixed(1);
  for (let i = 0; i <= values.length; i++) {
    const value = values[i] ?? null;
    const x = (i * step).toFixed(1);
    if (value === null) {
      if (beganAt !== null) area += `L${((i - 1) * step).toFixed(1)} ${height}Z`;
      beganAt = null;
    } else if (beganAt === null) {
      line += `M${x} ${place(value)}h.1`;
      area += `M${x} ${height}L${x} ${place(value)}`;
      beganAt = i;
    } else {
      line += `L${x} ${place(value)}`;
      area += `L${x} ${place(value)}`;
    }
  }
  return { line, area };
}

/** Asks for the history of services one after the other; the last ones seen come first. */
export class SparkQueue {
  readonly #waiting = new Map<string, Spark>();
  #asking = 0;
  #isOver = false;

  add(name: string, spark: Spark): void {
    if (!spark.isFilled) this.#waiting.set(name, spark);
    this.#next();
  }

  drop(name: string): void {
    this.#waiting.delete(name);
  }

  close(): void {
    this.#isOver = true;
    this.#waiting.clear();
  }

  #next(): void {
    if (this.#isOver || this.#asking >= maxAsking || document.visibilityState === "hidden") return;
    const [found] = this.#waiting;
    if (found === undefined) return;
    const [name, spark] = found;
    this.#waiting.delete(name);
    this.#asking++;
    void this.#fill(name, spark).finally(() => {
      this.#asking--;
      this.#next();
    });
  }

  async #fill(service: string, spark: Spark): Promise<void> {
    const query = { service, from: "1h", step: bucketMs / 1000 };
    try {
      const { points, to } = await apiGet<{ to: string; points: (Point & { at: string })[] }>("api/metrics/history", query);
      spark.fill(points, Date.parse(to));
    } catch {
      // The row stays without a small chart; its figures come with the stream.
    }
  }
}
