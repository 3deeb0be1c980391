// `describe`: everything that bs9 knows about one service.

import type { Directories } from "../backend/directories.ts";
import type { Notice } from "../backend/notice.ts";
import { profileDirectives } from "../backend/sandbox.ts";
import type { Isolation, Missing } from "../backend/verdict.ts";
import { Bs9Error, notFound } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import { injectionOf } from "../injectors/injection.ts";
import { type MaskedSpec, maskedSpec } from "../service/masking.ts";
import { environmentOf, type Spec } from "../service/spec.ts";
import { seeServices } from "../status/look.ts";
import type { Observed, Status } from "../status/schema.ts";
import type { Deps } from "./deps.ts";
import { type Preload, preloadOf } from "./preload.ts";
import { explain } from "./reason/explain.ts";
import { privateSockets } from "./reason/private-sockets.ts";
import { type Availabilities, availabilityOf, type Sampled, sampledOf } from "./stored.ts";

export type Description = {
  status: Status;
  /** Why the service is unhealthy, and since when; null if it is not. */
  unwell: { reason: string; since: string } | null;
  spec: MaskedSpec;
  /** The names of the environment variables, without the values, because values are secret. */
  environment: string[];
  unit: { name: string; file: string; text: string };
  /** The directories that the sandbox opens; null if the next start would be refused. */
  directories: Directories | null;
  sandbox: {
    profile: string;
    declared: string[];
    verdict: string;
    verified: string[];
    probed: string[];
    missing: Missing[];
    unheld: Missing[];
  };
  /** The isolation from other processes; null if the service does not run. */
  isolation: Isolation | null;
  lastEnd: string | null;
  /** How available the service was; null if bs9 has never observed it. */
  availability: Availabilities | null;
  /** Whether processes of the service answer on the socket of the preload, and if none does, why. */
  preload: Preload;
  /** How many requests they have answered since they started; null where the app reports none. */
  served: Observed["served"];
  /** The last sample that the agent stored; null if no agent runs, or if the sample is stale. */
  sample: Sampled | null;
  events: { at: string; message: string }[];
};

const maxEvents = 10;

export async function describeService(name: string, deps: Deps): Promise<Description> {
  // `deps.model` does not contain the full verdict on the sandbox, so the service is also read from the backend. Only the
  // warnings of `deps.model` are printed, so that none is printed twice.
  const [
    {
      seen: [seen],
    },
    { services, warnings },
  ] = await Promise.all([seeServices([name], deps), deps.model.now([name])]);
  for (const warning of warnings) deps.warn(warning);
  const [observed] = services;
  if (seen === undefined || observed === undefined) throw notFound(`there is no service named '${name}'`);
  const { spec, reading, verdict, outcome } = seen;
  await explain([observed], deps);
  const { status, unwell } = observed;
  const unit = await textOrWhyNot(spec, deps);
  const sockets = status.state === "active" ? await privateSockets(name, deps) : [];
  const { sinceMs, trouble } = definedSince(name, deps);
  const { availability, sample, notices } = await keptOrWhyNot(name, sinceMs, deps);
  return {
    status: { ...status, notices: [...status.notices, ...sockets, ...unit.notices, ...trouble, ...notices] },
    unwell: unwell === null ? null : { reason: unwell.reason, since: new Date(unwell.sinceMs).toISOString() },
    spec: maskedSpec(spec),
    environment: Object.keys({ ...environmentOf(spec), ...injectionOf(spec, deps.share, "")?.env }),
    unit: { name: reading.unit, file: deps.backend.unitFile(spec.name), text: unit.text },
    directories: unit.directories,
    sandbox: {
      profile: spec.sandbox.profile,
      declared: profileDirectives(spec.sandbox.profile).map(({ name: directive, value }) => `${directive}=${value}`),
      verdict: verdict.verdict,
      verified: verdict.verified,
      probed: verdict.probed,
      missing: verdict.missing,
      unheld: verdict.unheld ?? [],
    },
    isolation: verdict.isolation ?? null,
    lastEnd: outcome?.cause ?? reading.end,
    availability,
    preload: await preloadOf(spec, reading, deps.backend),
    served: observed.served,
    sample: status.figuresFrom === "agent" ? sample : null,
    events: await eventsOf(name, sinceMs, deps),
  };
}

/** Samples and events of an earlier service of this name, deleted since, do not belong to this service. */
function definedSince(name: string, { trail }: Deps): { sinceMs: number; trouble: Notice[] } {
  try {
    const deleted = trail.last("delete", name);
    return { sinceMs: deleted === null ? 0 : Date.parse(deleted.at), trouble: [] };
  } catch (error) {
    if (!(error instanceof Bs9Error)) throw error;
    return { sinceMs: 0, trouble: [noticeOf("trail", name, error)] };
  }
}

type Kept = { availability: Availabilities | null; sample: Sampled | null; notices: Notice[] };

/** If the samples cannot be read, a notice says so and the rest of the description is still shown. */
async function keptOrWhyNot(name: string, sinceMs: number, deps: Deps): Promise<Kept> {
  try {
    return { availability: await availabilityOf(name, sinceMs, deps), sample: await sampledOf(name, deps), notices: [] };
  } catch (error) {
    if (!(error instanceof Bs9Error)) throw error;
    return { availability: null, sample: null, notices: [noticeOf("history", name, error, "its history is not known: ")] };
  }
}

/** The text of the unit and the open directories; if the next start would be refused, a notice says why. */
async function textOrWhyNot(spec: Spec, { backend }: Deps): Promise<{ text: string; directories: Directories | null; notices: Notice[] }> {
  try {
    return { text: await backend.unitText(spec), directories: await backend.directories(spec), notices: [] };
  } catch (error) {
    if (!(error instanceof Bs9Error)) throw error;
    return { text: "", directories: null, notices: [noticeOf("start-refused", spec.name, error)] };
  }
}

function noticeOf(kind: Notice["kind"], subject: string, { message, hint }: Bs9Error, lead = ""): Notice {
  return { kind, subject, what: `${lead}${harmless(message)}`, fix: hint ?? null };
}

async function eventsOf(name: string, sinceMs: number, deps: Deps): Promise<Description["events"]> {
  const events: Description["events"] = [];
  const range = { sinceMs: sinceMs === 0 ? null : sinceMs, untilMs: null, follow: false };
  const query = { services: [name], lines: maxEvents, eventsOnly: true, ...range };
  for await (const record of deps.backend.logs(query, AbortSignal.timeout(3000))) {
    events.push({ at: new Date(record.atMs).toISOString(), message: harmless(record.message) });
  }
  return events;
}
