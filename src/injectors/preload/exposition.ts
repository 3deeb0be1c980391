// The figures of this process as text, as OpenMetrics or in the older format of Prometheus. The two differ in the name of the
// family of a counter, and in the line at the end.
import { collections } from "./collections.ts";
import { type FigureFamily, gauge } from "./family.ts";
import { loopLag } from "./loop-lag.ts";
import { processFamilies } from "./process-figures.ts";
import { allSeries, bounds, type Series, statusClasses } from "./series.ts";

/** What measures requests that are not answered yet. */
let inFlight: () => number = () => 0;

export function measureInFlight(measure: () => number): void {
  inFlight = measure;
}

export function exposition(isOpenMetrics: boolean): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of [...requestFamilies(), ...loopFamilies(), ...processFamilies()]) {
    if (samples.length === 0) continue;
    const family = isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;
    lines.push(`# HELP ${family} ${help}`, `# TYPE ${family} ${type}`, ...samples);
  }
  if (isOpenMetrics) lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function requestFamilies(): FigureFamily[] {
  return [
    {
      name: "http_requests_total",
      type: "counter",
      help: "Requests that were answered, by method, route and class of the status.",
      samples: allSeries.flatMap(counts),
    },
    {
      name: "http_request_duration_seconds",
      type: "histogram",
      help: "Time from the request to its answer.",
      samples: allSeries.flatMap(durations),
    },
    gauge("http_requests_in_flight", "Requests that are not answered yet.", inFlight()),
  ];
}

function counts({ method, route, byClass }: Series): string[] {
  return statusClasses.flatMap((status, i) => {
    const value = byClass[i] ?? 0;
    return value === 0 ? [] : [`http_requests_total{method="${method}",route="${route}",status="${status}"} ${value}`];
  });
}

function durations({ method, route, buckets, seconds }: Series): string[] {
  const labels = `method="${method}",route="${route}"`;
  let total = 0;
  const lines = buckets.map((own, i) => {
    total += own;
    return `http_request_duration_seconds_bucket{${labels},le="${bounds[i] ?? "+Inf"}"} ${total}`;
  });
  lines.push(`http_request_duration_seconds_sum{${labels}} ${seconds}`, `http_request_duration_seconds_count{${labels}} ${total}`);
  return lines;
}

function loopFamilies(): FigureFamily[] {
  const { last, mean, max } = loopLag();
  const name = "nodejs_gc_duration_seconds";
  const gc = collections.flatMap(({ kind, count, seconds }) => [
    `${name}_sum{kind="${kind}"} ${seconds}`,
    `${name}_count{kind="${kind}"} ${count}`,
  ]);
  return [
    gauge("nodejs_eventloop_lag_seconds", "How late the event loop was at the last measurement.", last),
    gauge("nodejs_eventloop_lag_mean_seconds", "How late the event loop was on average, over 10 to 20 s.", mean),
    gauge("nodejs_eventloop_lag_max_seconds", "How late the event loop was at most, over 10 to 20 s.", max),
    { name, type: "summary", help: "Time of garbage collections, by kind.", samples: gc },
  ];
}
