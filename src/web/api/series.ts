// The endpoints of what bs9 has recorded: the stored samples, and the trail.
import { usage } from "../../base/errors.ts";
import { hostName } from "../../metrics/subject.ts";
import { namePattern } from "../../service/name.ts";
import type { TrailRecord } from "../../trail/record.ts";
import { jsonAnswer } from "../problem.ts";
import type { Endpoint } from "../route.ts";
import type { WebSource } from "../source.ts";
import { serviceNamesIn, timeField, timeIn, wholeIn } from "../values.ts";

const hourMs = 3_600_000;
const longestMs = 10 * 366 * 24 * hourMs;
const maxPoints = 2000;
const usualPoints = 300;
const fastestStepS = 5;
const [usualRecords, maxRecords] = [100, 1000];
/** Records that one request reads at most; the cursor then goes on from there. */
const maxSearched = 2000;

export function recordEndpoints(source: WebSource, now: () => number) {
  const series: Endpoint = {
    summary: `the stored samples of one service or of the host, at most ${maxPoints} points`,
    query: {
      service: { text: `a service; ${hostName} (default) is the host`, schema: { type: "string", default: hostName } },
      from: timeField("the begin (default 1h)"),
      to: timeField("the end (default now)"),
      step: { text: "seconds between two points (default: 300 points)", schema: { type: "integer", minimum: 1 } },
    },
    type: "application/json",
    answers: {
      type: "object",
      required: ["service", "from", "to", "stepSeconds", "points"],
      properties: {
        service: { type: "string" },
        from: { type: "string" },
        to: { type: "string" },
        stepSeconds: { type: "integer" },
        points: { type: "array", items: { type: "object" } },
      },
    },
    answer: async ({ query }) => {
      const nowMs = now();
      const service = query.get("service") || hostName;
      if (service !== hostName && !namePattern.test(service)) throw usage("service must be the name of a service");
      const toMs = timeIn(query, "to", nowMs) ?? nowMs;
      const fromMs = timeIn(query, "from", nowMs) ?? toMs - hourMs;
      if (fromMs >= toMs || toMs - fromMs > longestMs) throw usage("from must be before to, by at most 10 years");
      const span = (toMs - fromMs) / 1000;
      const step = wholeIn(query, "step", [1, 366 * 24 * 3600]) ?? Math.max(fastestStepS, Math.ceil(span / usualPoints));
      if (span / step > maxPoints)
        throw usage(`step must be at least ${Math.ceil(span / maxPoints)}, because an answer has at most ${maxPoints} points`);
      const points = await source.storage.series(service, { fromMs, toMs }, step * 1000);
      const shown = points.map(({ atMs, ...rest }) => ({ at: iso(atMs), ...rest }));
      return jsonAnswer({ service, from: iso(fromMs), to: iso(toMs), stepSeconds: step, points: shown });
    },
  };
  const trail: Endpoint = {
    summary: "the trail: who did what, when, from where, with what result; the newest first",
    query: {
      services: { text: "only acts on these services, separated by commas", schema: { type: "string" } },
      limit: { text: `the number of records (default ${usualRecords})`, schema: { type: "integer", minimum: 1, maximum: maxRecords } },
      cursor: { text: "`next` of the previous answer", schema: { type: "integer", minimum: 0 } },
    },
    type: "application/json",
    answers: {
      type: "object",
      required: ["records", "next"],
      properties: { records: { type: "array", items: { type: "object" } }, next: { type: ["integer", "null"] } },
    },
    answer: ({ query }) => {
      const limit = wholeIn(query, "limit", [1, maxRecords]) ?? usualRecords;
      const before = wholeIn(query, "cursor", [0, Number.MAX_SAFE_INTEGER]);
      return jsonAnswer(page(source.records(before), { names: serviceNamesIn(query, "services"), limit }));
    },
  };
  return { series, trail };
}

type Wanted = { names: string[] | null; limit: number };

/** The first of these records that are wanted, and where the answer to the next request begins; null where there are no more. */
function page(records: Iterable<TrailRecord>, { names, limit }: Wanted): { records: TrailRecord[]; next: number | null } {
  const found: TrailRecord[] = [];
  let searched = 0;
  for (const record of records) {
    if (found.length === limit || searched === maxSearched) return { records: found, next: record.seq + 1 };
    searched++;
    if (names === null || record.targets.some((name) => names.includes(name))) found.push(record);
  }
  return { records: found, next: null };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
