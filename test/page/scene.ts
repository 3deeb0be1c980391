// A web server with services that a test decides, with a history, logs and alerts, to look at the page with many of them.
import type { ModelEvent } from "../../src/status/events.ts";
import type { Observed, Snapshot, Status } from "../../src/status/schema.ts";
import { pageAssets } from "../../src/web/page.ts";
import type { Web } from "../../src/web/server.ts";
import { statusNamed, webOf } from "../web/scene.ts";
import { descriptionOf } from "./description.ts";
import { hostFigures, linesFor, seriesOf, wave } from "./history.ts";
import { EventFeed } from "./queue.ts";
import { alertsOf, eventsOf, recordsOf, wellKnown } from "./told.ts";

const mib = 1024 ** 2;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

function serviceOf(name: string, index: number, status: Partial<Status>): Observed {
  const limit = { value: 256 * mib * (1 + (index % 3)), inForce: true };
  const plain = {
    restarts: 0,
    uptimeMs: (3 + index) * dayMs + index * 7_000_000,
    cpuPercent: (index * 7) % 40,
    memoryBytes: (20 + ((index * 13) % 200)) * mib,
    pid: 1200 + index,
  };
  const limits = {
    memoryBytes: index % 4 === 3 ? null : limit,
    cpuPercent: null,
    tasks: { value: 512, inForce: true },
    files: { value: 65_536, inForce: true },
  };
  const whole: Status = {
    ...statusNamed(name),
    ...plain,
    limits,
    requests: { perSecond: index % 9, errorPercent: 0, p50Ms: 3, p95Ms: 12 },
    ...status,
  };
  const unwell = whole.health === "unhealthy" ? { reason: "GET /healthz answers 503", sinceMs: Date.now() - 21 * minuteMs } : null;
  return { status: whole, wanted: whole.state !== "inactive", end: null, nextStartMs: null, outcome: null, unwell, served: null };
}

export type PageScene = {
  web: Web;
  /** The address of the page, without a session. */
  url: string;
  services: Observed[];
  push(event: ModelEvent): void;
  /** Figures of all services, as if `ticks` ticks had passed. */
  sample(ticks: number): Extract<ModelEvent, { kind: "sample" }>;
};

/** With more services than the well-known ones, the others have numbers for names. */
export function pageScene(count = wellKnown.length, isCounted = true): PageScene {
  const feed = new EventFeed();
  const services = Array.from({ length: count }, (_, i) => {
    const [name, status] = wellKnown[i] ?? [`service-${String(i).padStart(4, "0")}`, {}];
    return serviceOf(name, i, status);
  });
  const startedMs = Date.now();
  const snapshot = (): Snapshot => ({
    atMs: Date.now(),
    services,
    added: [],
    notices: [],
    warnings: [],
    alerts: alertsOf(startedMs),
    host: hostFigures(0),
  });
  const named = (name: string) => services.find(({ status }) => status.name === name) ?? services[0];
  const web = webOf(
    {
      names: () => services.map(({ status }) => status.name).sort(),
      statuses: async () => services.map(({ status }) => status),
      snapshot: async () => snapshot(),
      follow: ({ signal }) => feed.follow(snapshot, signal),
      describe: async (name) => descriptionOf(named(name)?.status ?? statusNamed(name)),
      logs: async (query) =>
        linesFor(query.services, query.lines ?? 0, query.sinceMs ?? 0, query.untilMs ?? Date.now(), query.accept ?? (() => true)),
      storage: {
        series: async (subject, { fromMs, toMs }, stepMs) => seriesOf(subject, named(subject)?.status, fromMs, toMs, stepMs),
        newest: async () => null,
        services: async () => services.map(({ status }) => status.name),
      },
      records: () => recordsOf(startedMs),
      alerts: async () => ({
        alerts: alertsOf(startedMs),
        silences: [{ service: "cron", untilMs: startedMs + 3_600_000, by: "ops" }],
        history: eventsOf(startedMs),
        mistakes: [],
      }),
    },
    { assets: pageAssets },
  );
  const sample = (ticks: number): Extract<ModelEvent, { kind: "sample" }> => ({
    kind: "sample",
    atMs: startedMs + ticks * 5000,
    figures: services.map(({ status }, i) => ({
      name: status.name,
      uptimeMs: status.uptimeMs === null ? null : status.uptimeMs + ticks * 5000,
      // The first service tells the number of the tick, where a measurement waits for it.
      cpuPercent:
        i === 0 && isCounted ? ticks + 1000 : status.cpuPercent === null ? null : Math.max(0, status.cpuPercent + wave(ticks + i, 7) * 4),
      cpuTimeMs: null,
      memoryBytes: status.memoryBytes === null ? null : status.memoryBytes + Math.round(wave(ticks + i, 11) * 4) * mib,
      memorySource: status.memorySource,
      tasks: status.tasks,
      requests:
        status.requests === null ? null : { ...status.requests, perSecond: Math.max(0, status.requests.perSecond + wave(ticks + i, 5)) },
    })),
    host: hostFigures(ticks),
  });
  return { web, url: `http://127.0.0.1:${web.port}/`, services, push: (event) => feed.push(event), sample };
}
