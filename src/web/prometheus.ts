// The figures of the host and of its services as Prometheus reads them: OpenMetrics 1.0, or the text format 0.0.4 for clients that
// do not ask for OpenMetrics. Pure.
import { hostName } from "../metrics/subject.ts";
import type { Snapshot } from "../status/schema.ts";
import { type Family, familiesOf } from "../storage/export/families.ts";
import type { Newest, Point } from "../storage/storage.ts";

export type Exposition = { type: string; isOpenMetrics: boolean };

const openMetrics: Exposition = { type: "application/openmetrics-text; version=1.0.0; charset=utf-8", isOpenMetrics: true };
const plainText: Exposition = { type: "text/plain; version=0.0.4; charset=utf-8", isOpenMetrics: false };

export function expositionFor(accept: string | null): Exposition {
  return /application\/openmetrics-text/i.test(accept ?? "") ? openMetrics : plainText;
}

/** `newest`: the last stored samples, for the figures that a status does not have; null where they are missing or too old. */
export function metricsText(host: string, snapshot: Snapshot, newest: Newest | null, { isOpenMetrics }: Exposition): string {
  const services = snapshot.services.map(({ status }) => {
    const { name, cpuPercent, cpuTimeMs, memoryBytes, tasks, restarts, health } = status;
    const state = status.state === "unknown" ? {} : { state: status.state };
    const point: Point = {
      ...newest?.points.get(name),
      atMs: snapshot.atMs,
      samples: 1,
      ...state,
      health: health ?? "unknown",
      cpuPercent,
      cpuTimeMs,
      memoryBytes,
      tasks,
      restarts,
    };
    return { labels: `{host="${escaped(host)}",service="${escaped(name)}"}`, point };
  });
  const ofHost = snapshot.host ?? newest?.points.get(hostName) ?? null;
  const hosts =
    ofHost === null ? [] : [{ labels: `{host="${escaped(host)}"}`, point: { ...ofHost, atMs: snapshot.atMs, samples: 1 } as Point }];
  const lines = [
    ...familiesOf("service").flatMap((family) => familyLines(family, services, isOpenMetrics)),
    ...familiesOf("host").flatMap((family) => familyLines(family, hosts, isOpenMetrics)),
  ];
  return `${[...lines, ...(isOpenMetrics ? ["# EOF"] : [])].join("\n")}\n`;
}

type Labelled = { labels: string; point: Point };

/** A family without a value is left out. */
function familyLines({ name, type, unit, help, value }: Family, points: Labelled[], isOpenMetrics: boolean): string[] {
  const sample = type === "counter" ? `${name}_total` : name;
  const lines = points.flatMap(({ labels, point }) => {
    const given = value(point);
    return given === null ? [] : [`${sample}${labels} ${given}`];
  });
  if (lines.length === 0) return [];
  // OpenMetrics names the family, the older format the sample.
  const named = isOpenMetrics ? name : sample;
  const units = isOpenMetrics && unit !== null ? [`# UNIT ${named} ${unit}`] : [];
  return [`# HELP ${named} ${escapedHelp(help)}`, `# TYPE ${named} ${type}`, ...units, ...lines];
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapedHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
