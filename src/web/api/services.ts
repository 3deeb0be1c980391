// The routes of services: their status, the description of one, and the acts on one.
import { hostname } from "node:os";
import { usage } from "../../base/errors.ts";
import { stripText } from "../../service/masking.ts";
import { namePattern } from "../../service/name.ts";
import { noSuchService } from "../../service/targets.ts";
import { jsonAnswer, problem } from "../problem.ts";
import type { Asked, Route } from "../route.ts";
import { keptWork, within } from "../shared.ts";
import type { HttpAct, WebSource } from "../source.ts";

const statusTimeoutMs = 10_000;
/** How long the status of services is kept: fifty requests a second then cost about as much as one. */
const fresh = { freshMs: 1000, staleMs: 2500 };
const acts: HttpAct[] = ["start", "stop", "restart"];
/** Each act waits for the lock of the registry, and then until its service is ready. */
const maxActs = 8;

export function serviceRoutes(source: WebSource, now: () => number): Route[] {
  const kept = keptWork(async () => {
    const services = await within(source.statuses(), statusTimeoutMs);
    if (services === null) return problem(503, `the status of the services could not be read within ${statusTimeoutMs / 1000} s`);
    return jsonAnswer({ at: new Date(now()).toISOString(), host: hostname(), services });
  }, fresh);
  let acting = 0;
  const act = async (verb: HttpAct, asked: Asked) => {
    if (acting >= maxActs) return problem(429, "too many acts at the same time", { "Retry-After": "1" });
    acting++;
    try {
      const { acted, status } = await source.act(verb, known(asked.name, source), fromOf(asked));
      kept.forget();
      if (acted.result !== "failed") return jsonAnswer([{ name: acted.name, result: acted.result, status, findings: acted.findings }]);
      const lines = acted.lines.map(stripText);
      const why = `cannot ${verb} ${acted.name}: ${stripText(acted.cause ?? "the cause is unknown")}`;
      return problem(
        acted.code === "not-found" ? 404 : 409,
        why,
        {},
        { code: acted.code, hint: acted.hint, lines, findings: acted.findings },
      );
    } finally {
      acting--;
    }
  };
  return [
    {
      method: "GET",
      path: "/api/metrics",
      needs: "read",
      summary: "the status of all services, read at most 2.5 s ago",
      type: "application/json",
      answers: {
        type: "object",
        required: ["at", "host", "services"],
        properties: {
          at: { type: "string", format: "date-time" },
          host: { type: "string" },
          services: { type: "array", items: { type: "object" } },
        },
      },
      answer: () => kept.get(),
    },
    {
      method: "GET",
      path: "/api/services/{name}",
      needs: "read",
      summary: "everything that bs9 knows about one service; values of its environment are not shown",
      type: "application/json",
      answers: { type: "object" },
      isSlow: true,
      answer: async ({ name }) => jsonAnswer(await source.describe(known(name, source))),
    },
    ...acts.map(
      (verb): Route => ({
        method: "POST",
        path: `/api/services/{name}/${verb}`,
        needs: "full",
        summary: `${verb} the service, and wait until that is done`,
        type: "application/json",
        answers: { type: "array", items: { type: "object" } },
        isSlow: true,
        answer: (asked) => act(verb, asked),
      }),
    ),
  ];
}

/** Throws where the service is not defined. */
function known(name: string, source: WebSource): string {
  if (!namePattern.test(name)) throw usage("this is not the name of a service");
  const names = source.names();
  if (!names.includes(name)) throw noSuchService(name, names);
  return name;
}

/** What the trail records of the request. The header is not reliable, because every client can send it. */
function fromOf({ address, access, headers }: Asked): { address: string; by: "token" | "session"; forwardedFor: string | null } {
  return { address, by: access?.by ?? "token", forwardedFor: headers.get("x-forwarded-for")?.slice(0, 100) ?? null };
}
