// Other people's parsers of what is exported: csv-parse, and Prometheus' own one of OpenMetrics where Debian's package is there.
import { parse } from "csv-parse/sync";
import { run, succeed } from "../harness.ts";

const python = "/usr/bin/python3";

/** Debian's python3-prometheus-client. */
export const hasOpenMetricsParser = Bun.spawnSync([python, "-c", "import prometheus_client.openmetrics.parser"]).exitCode === 0;

/** Up to 0.20 it takes 744.781 for earlier than 743.790 (github.com/prometheus/client_python/issues/1037): compared as it is there since. */
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

/** Throws where it is not as the format asks, such as times that do not rise. */
export async function parseOpenMetrics(text: string): Promise<Family[]> {
  return JSON.parse(succeed(await run([python, "-c", script], { input: text }), "the parser").stdout) as Family[];
}

export function parseCsv(text: string): Record<string, string>[] {
  return parse(text, { columns: true, record_delimiter: "\r\n", skip_empty_lines: false }) as Record<string, string>[];
}
