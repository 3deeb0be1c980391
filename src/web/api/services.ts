// The endpoints of services: their status, the description of one, and the acts on one.
import { hostname } from "node:os";
import { usage } from "../../base/errors.ts";
import { stripText } from "../../service/masking.ts";
import { namePattern } from "../../service/name.ts";
import { noSuchService } from "../../service/targets.ts";
import type { Status } from "../../status/schema.ts";
import { PolledState } from "../polled-state.ts";
import { type HttpAnswer, jsonAnswer, problem } from "../problem.ts";
import type { Asked, Endpoint } from "../route.ts";
import { keptWork } from "../shared.ts";
import type { HttpAct, WebSource } from "../source.ts";
import { clientOf } from "./client.ts";

/** How long the status of services is kept: fifty requests a second then cost about as much as one. */
const fresh = { freshMs: 1000, staleMs: 2500 };
/** A description reads many files and the log, so the callers within a second share one. */
const freshDescription = { freshMs: 1000, staleMs: 1000 };
const maxDescribed = 8;
const afterActMs = 3000;
/** Each act waits for the lock of the registry, and then until its service is ready. */
const maxActs = 8;
const parameter = "the name of a service";

/** `ends`: aborted when the server ends. */
export function serviceEndpoints(source: WebSource, now: () => number, ends: AbortSignal) {
  const present = new PolledState((options) => source.follow(options), ends);
  let actedMs = Number.NEGATIVE_INFINITY;
  const services = async (): Promise<Status[]> => {
    const snapshot = present.now();
    // The stream may tell of an act a moment after the act has ended.
    const isLate = performance.now() - actedMs < afterActMs;
    // Nor does it know of a service that was defined a moment ago.
    const isWhole = snapshot?.services.length === source.names().length;
    return snapshot === null || isLate || !isWhole ? source.statuses() : source.explained(snapshot.services);
  };
  const kept = keptWork(
    "the status of the services",
    async () => jsonAnswer({ at: new Date(now()).toISOString(), host: hostname(), services: await services() }),
    fresh,
  );
  const descriptions = new Map<string, { get(): Promise<HttpAnswer> }>();
  const describe = (name: string) => {
    const found =
      descriptions.get(name) ??
      keptWork(`the description of ${name}`, async () => jsonAnswer(await source.describe(name)), freshDescription);
    descriptions.delete(name);
    descriptions.set(name, found);
    // The one that was asked for longest ago is forgotten.
    for (const other of descriptions.keys()) if (descriptions.size > maxDescribed) descriptions.delete(other);
    return found.get();
  };
  let [acting, describing] = [0, 0];
  const act = async (verb: HttpAct, asked: Asked) => {
    if (acting >= maxActs) return problem(429, "too many acts at the same time", { "Retry-After": "1" });
    acting++;
    try {
      const { acted, status } = await source.act(verb, known(asked.name, source), clientOf(asked));
      actedMs = performance.now();
      kept.forget();
      if (acted.result !== "failed") return jsonAnswer([{ name: acted.name, result: acted.result, status, findings: acted.findings }]);
      const lines = acted.lines.map(stripText);
      const why = `cannot ${verb} ${acted.name}: ${stripText(acted.cause ?? "the cause is unknown")}`;
      const more = { code: acted.code, hint: acted.hint, lines, findings: acted.findings };
      return problem(acted.code === "not-found" ? 404 : 409, why, {}, more);
    } finally {
      acting--;
    }
  };
  const statuses: Endpoint = {
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
  };
  const description: Endpoint = {
    summary: "everything that bs9 knows about one service; values of its environment are not shown",
    parameter,
    type: "application/json",
    answers: { type: "object" },
    fails: [429],
    isSlow: true,
    answer: async ({ name }) => {
      if (describing >= maxDescribed) return problem(429, "too many descriptions at the same time", { "Retry-After": "1" });
      describing++;
      try {
        return await describe(known(name, source));
      } finally {
        describing--;
      }
    },
  };
  const acts = (verb: HttpAct): Endpoint => ({
    summary: `${verb} one service; the answer comes once it is ready, or has failed to become so`,
    parameter,
    type: "application/json",
    answers: { type: "array", items: { type: "object" } },
    fails: [409, 429],
    isSlow: true,
    answer: (asked) => act(verb, asked),
  });
  return { statuses, description, start: acts("start"), stop: acts("stop"), restart: acts("restart") };
}

/** Throws a usage error for what cannot be a name, and a not-found error where the service is not defined. */
function known(name: string, source: WebSource): string {
  if (!namePattern.test(name)) throw usage("this is not the name of a service");
  const names = source.names();
  if (!names.includes(name)) throw noSuchService(name, names);
  return name;
}
