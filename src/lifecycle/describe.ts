// `describe`: all that is known of one service.

import { profileDirectives } from "../backend/sandbox.ts";
import { Bs9Error, notFound } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import type { Spec } from "../service/spec.ts";
import { environmentOf } from "../service/spec.ts";
import { type Availabilities, availabilityOf } from "./available.ts";
import type { Deps } from "./deps.ts";
import { type Looked, look } from "./observe.ts";

export type Description = {
  status: Looked["status"];
  spec: Omit<Spec, "env"> & { env: string[] };
  /** Names only: values are for the service alone. */
  environment: string[];
  unit: { name: string; file: string; text: string };
  sandbox: {
    profile: string;
    declared: string[];
    verdict: string;
    verified: string[];
    probed: string[];
    missing: Looked["verdict"]["missing"];
    unheld: Looked["verdict"]["missing"];
  };
  lastEnd: string | null;
  /** Null where it was never watched. */
  availability: Availabilities | null;
  events: { at: string; message: string }[];
};

const maxEvents = 10;

export async function describe(name: string, deps: Deps): Promise<Description> {
  const [observed] = await look([name], deps);
  if (observed === undefined) throw notFound(`there is no service named '${name}'`);
  const { spec, reading, verdict, outcome, status } = observed;
  const { env, ...rest } = spec;
  const { availability, notices } = await availabilityOrWhyNot(name, deps);
  return {
    status: { ...status, notices: [...status.notices, ...notices] },
    spec: { ...rest, env: Object.keys(env) },
    environment: Object.keys(environmentOf(spec)),
    unit: { name: reading.unit, file: deps.backend.unitFile(spec.name), text: await deps.backend.unitText(spec) },
    sandbox: {
      profile: spec.sandbox.profile,
      declared: profileDirectives(spec.sandbox.profile).map(({ name: directive, value }) => `${directive}=${value}`),
      verdict: verdict.verdict,
      verified: verdict.verified,
      probed: verdict.probed,
      missing: verdict.missing,
      unheld: verdict.unheld ?? [],
    },
    lastEnd: outcome?.cause ?? reading.end,
    availability,
    events: await eventsOf(name, deps),
  };
}

type Known = { availability: Availabilities | null; notices: string[] };

/** The rest is worth having where the samples cannot be read. */
async function availabilityOrWhyNot(name: string, deps: Deps): Promise<Known> {
  try {
    return { availability: await availabilityOf(name, deps), notices: [] };
  } catch (error) {
    if (!(error instanceof Bs9Error)) throw error;
    return { availability: null, notices: [`its availability is not known: ${harmless(error.message)}`] };
  }
}

async function eventsOf(name: string, deps: Deps): Promise<Description["events"]> {
  const events: Description["events"] = [];
  const query = { services: [name], lines: 200, sinceMs: null, untilMs: null, follow: false };
  for await (const record of deps.backend.logs(query, AbortSignal.timeout(3000))) {
    if (record.stream === "bs9") events.push({ at: new Date(record.atMs).toISOString(), message: harmless(record.message) });
  }
  return events.slice(-maxEvents);
}
