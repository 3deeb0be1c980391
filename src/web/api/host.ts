// The endpoints of the host: its figures, and what doctor finds on it.
import { arch, hostname, release, uptime } from "node:os";
import { hostName } from "../../metrics/subject.ts";
import { recentOf } from "../../storage/recent.ts";
import { version } from "../../version.ts";
import { jsonAnswer } from "../problem.ts";
import type { Endpoint } from "../route.ts";
import { inTime, keptWork } from "../shared.ts";
import type { WebSource } from "../source.ts";

/** The checks read many files, and verify the whole trail. */
const fresh = { freshMs: 30_000, staleMs: 30_000 };

export function hostEndpoints(source: WebSource, now: () => number) {
  const findings = keptWork(
    "the findings",
    async () => {
      const found = await source.findings();
      return jsonAnswer({ findings: found.map(({ fix, ...rest }) => ({ ...rest, fixable: fix !== null })) });
    },
    fresh,
  );
  const host: Endpoint = {
    summary: "the host: its figures, and the notices that concern every service",
    type: "application/json",
    answers: { type: "object", required: ["at", "host", "figures"] },
    answer: async () => {
      const { atMs, host: figures, notices, added, warnings } = await inTime(source.snapshot(), "the state of the host");
      const stored = figures === null ? recentOf(await source.storage.newest(hostName), now()) : null;
      return jsonAnswer({
        at: new Date(atMs).toISOString(),
        host: hostname(),
        kernel: release(),
        architecture: arch(),
        uptimeMs: Math.round(uptime() * 1000),
        bs9: version.version,
        figures: figures ?? stored?.points.get(hostName) ?? null,
        notices: [...notices, ...added],
        warnings,
      });
    },
  };
  const doctor: Endpoint = {
    summary: "what this host lacks, each with the command line that fixes it; read at most 30 s ago",
    type: "application/json",
    answers: { type: "object", required: ["findings"], properties: { findings: { type: "array", items: { type: "object" } } } },
    isSlow: true,
    answer: () => findings.get(),
  };
  return { host, doctor };
}
