// Foreign parsers for exports: csv-parse, and Prometheus' own parser of OpenMetrics if Debian's package is installed.
import { parse } from "csv-parse/sync";
import { run, succeed } from "../harness.ts";

const python = "/usr/bin/python3";

/** True if Debian's package python3-prometheus-client is installed. */
export const hasOpenMetricsParser = Bun.spawnSync([python, "-c", "import prometheus_client.openmetrics.parser"]).exitCode === 0;

/**
 * Versions up to 0.20 take 744.781 for earlier than 743.790 (github.com/prometheus/client_python/issues/1037), so the script
 * compares timestamps as later versions do.
 */
const script = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Timestamp
Timestamp.__gt__ = lambda self, other: (self.sec, self.nsec) > (other.sec, other.nsec)
Timestamp.__lt__ = lambda self, other: (self.sec, self.nsec) < (other.sec, other.nsec)
print(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value, float(s.timestamp)] for s in f.samples]] for f in text_string_to_metric_families(sys.stdin.read())]))
`;

export type Family = [
  name: string,
  type: string,
  unit: string,
  samples: [name: string, labels: Record<string, string>, value: number, at: number][],
];

/** Throws if the text breaks the format, for instance if times do not rise. */
export async function parseOpenMetrics(text: string): Promise<Family[]> {
  return JSON.parse(succeed(await run([python, "-c", script], { input: text }), "the parser").stdout) as Family[];
}

export function parseCsv(text: string): Record<string, string>[] {
  return parse(text, { columns: true, record_delimiter: "\r\n", skip_empty_lines: false }) as Record<string, string>[];
}
