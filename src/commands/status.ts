// bs9 status: every service in one table, bad ones first.
import type { Foreign, Reading } from "../backend/backend.ts";
import type { Context } from "../context.ts";
import { ofAll } from "../lifecycle/agent.ts";
import { foreignSentence } from "../lifecycle/foreign.ts";
import { explain, isUnexplained } from "../lifecycle/reason/explain.ts";
import { badFirst, type Observed } from "../lifecycle/status.ts";
import { pickTargets } from "../service/targets.ts";
import type { Command, Result, Words } from "./command.ts";
import { jsonAlias } from "./jlist.ts";
import { flagOf } from "./options.ts";
import { othersTable, statusTable } from "./status-table.ts";
import { changesByHand, emptyHint, exitStatusOf, limitsOf, olderSandboxes, sharedNotices, troubles, whoMeasured } from "./status-words.ts";

export const status: Command = {
  name: "status",
  synopsis: "[TARGET…]",
  aliases: ["ls", "list", "ps", jsonAlias],
  summary: "what every service does now, bad ones first",
  options: [
    { flags: "--watch", text: "keep it up to date" },
    { flags: "--all", text: "also the user's other services, read-only" },
  ],
  examples: ["bs9 status", "bs9 status web --json", "bs9 status --watch", "bs9 status -q | xargs bs9 restart"],
  exits: [3, 4, 5],
  async run(given: Words, context: Context): Promise<Result | null> {
    if (flagOf(given.options, "watch")) return (await import("./status-watch.ts")).watch(given, context);
    const named = given.words.length > 0;
    const pick = () => (named ? pickTargets(given.words, context.registry.names()) : context.registry.names());
    const isAll = flagOf(given.options, "all");
    const { observed, added, others, hints } = (isAll ? null : await toldOf(pick, context)) ?? (await lookedAt(pick, isAll, context));
    const addedToo = named ? [] : added;
    return {
      value: [
        ...observed.map(({ status }) => status),
        ...addedToo.map((one) => ({ name: one.name, unit: `${one.name}.service`, managed: false, notices: [foreignSentence(one)] })),
        ...others.map(({ name, unit, state }) => ({ name, unit, state, managed: false })),
      ],
      names: observed.map(({ status }) => status.name),
      text: (style) => [
        ...(observed.length === 0 ? [] : statusTable(observed, style, context.terminal.columns)),
        ...(others.length === 0 ? [] : ["", ...othersTable(others)]),
      ],
      hints: [
        ...(pick().length === 0 ? emptyHint(observed) : []),
        ...troubles(observed),
        ...limitsOf(observed),
        ...changesByHand(observed, addedToo),
        ...olderSandboxes(observed),
        ...sharedNotices(observed),
        ...hints,
      ],
      exitStatus: exitStatusOf(observed, named),
    };
  },
};

type Seen = { observed: Observed[]; added: Foreign[]; others: Reading[]; hints: string[] };

async function toldOf(pick: () => string[], context: Context): Promise<Seen | null> {
  const answer = await context.told(pick);
  const told = answer === null ? null : ofAll(answer, pick());
  if (told === null) return null;
  if (told.observed.some(isUnexplained)) await explain(told.observed, await context.deps({ settles: false }));
  return { observed: badFirst(told.observed), added: told.added, others: [], hints: [] };
}

async function lookedAt(pick: () => string[], isAll: boolean, context: Context): Promise<Seen> {
  const { look, observe } = await import("../lifecycle/observe.ts");
  const deps = await context.deps();
  // Only now: settling what a killed command left may have made a service.
  const names = pick();
  // Without services nobody is asked, and a backend that is out of reach would look like one without services.
  if (names.length === 0) await deps.backend.read([]);
  // The agent has been asked already, unless others are asked for, too.
  const observed = isAll ? await observe(names, deps) : await look(names, deps);
  await explain(observed, deps);
  const { strangers } = deps.backend;
  const others = isAll ? ((await strangers?.services()) ?? []) : [];
  return {
    observed,
    added: (strangers?.changes(context.registry.names()) ?? []).filter(({ kind }) => kind === "added"),
    others: others.filter(({ unit }) => !observed.some((one) => one.status.unit === unit)),
    hints: whoMeasured(observed, deps),
  };
}
