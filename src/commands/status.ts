// bs9 status: shows every service in one table, those that are not well first.
import type { Reading } from "../backend/backend.ts";
import { exitStatus } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { explain, isUnexplained } from "../lifecycle/reason/explain.ts";
import { alertSummary, firingOn } from "../render/alert-lines.ts";
import { noticeLine } from "../render/notice-line.ts";
import { othersTable, statusTable } from "../render/status-table.ts";
import { changesByHand, emptyHint, limitsOf, olderSandboxLines, troubles, whoMeasured } from "../render/status-words.ts";
import { pickTargets } from "../service/targets.ts";
import type { Observed } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import type { Command, Result, Words } from "./command.ts";
import { jsonAlias } from "./jlist.ts";
import { flagOf } from "./options.ts";

export const statusCommand: Command = {
  name: "status",
  synopsis: "[TARGET…]",
  aliases: ["ls", "list", "ps", jsonAlias],
  summary: "show the state of every service, those that are not well first",
  options: [
    { flags: "--watch", text: "keep the table up to date" },
    { flags: "--all", text: "also list the user's other services, read-only" },
  ],
  examples: ["bs9 status", "bs9 status web --json", "bs9 status --watch", "bs9 status -q | xargs bs9 restart"],
  exits: [3, 4, 5],
  async run(given: Words, context: Context): Promise<Result | null> {
    if (flagOf(given.options, "watch")) return (await import("./status-watch.ts")).watch(given, context);
    const named = given.words.length > 0;
    await context.settle();
    const known = context.registry.names();
    const names = named ? pickTargets(given.words, known) : known;
    const { services, added, alerts, notices, warnings } = await context.model.now(names);
    context.sayFirst();
    for (const warning of warnings) context.warn(warning);
    // If the agent does not answer, the backend is loaded already, and can tell which agent should have measured the figures.
    const isLive = services.some(({ status }) => status.figuresFrom === "live");
    const deps = isLive || services.some(isUnexplained) ? await context.deps() : null;
    // If no agent runs, no agent trims the log files either, so this command does it.
    if (isLive) await context.trimLogs();
    if (deps !== null) await explain(services, deps);
    const observed = badFirst(services);
    const others = flagOf(given.options, "all") ? await othersBeside(observed, context) : [];
    const addedToo = named ? [] : added;
    return {
      value: [
        ...observed.map(({ status }) => status),
        ...addedToo.map((one) => ({ name: one.subject, unit: `${one.subject}.service`, managed: false, notices: [one] })),
        ...others.map(({ name, unit, state }) => ({ name, unit, state, managed: false })),
      ],
      names: observed.map(({ status }) => status.name),
      text: (style) => [
        ...(observed.length === 0 ? [] : statusTable(observed, style, context.terminal.columns)),
        ...(others.length === 0 ? [] : ["", ...othersTable(others)]),
      ],
      hints: [
        ...(names.length === 0 ? emptyHint(observed) : []),
        ...troubles(observed),
        ...alertSummary(firingOn(alerts, named ? names : null), Date.now()),
        ...limitsOf(observed),
        ...changesByHand(observed, addedToo),
        ...olderSandboxLines(observed),
        ...notices.map(noticeLine),
        ...(deps === null ? [] : whoMeasured(observed, deps.backend)),
      ],
      exitStatus: exitStatusOf(observed, named),
    };
  },
};

/** The services of the user that bs9 does not manage. */
async function othersBeside(observed: Observed[], context: Context): Promise<Reading[]> {
  const { backend } = await context.deps();
  const others = (await backend.strangers?.services()) ?? [];
  return others.filter(({ unit }) => !observed.some((one) => one.status.unit === unit));
}

/** A service whose state is unknown takes precedence over a service that is down. */
function exitStatusOf(observed: Observed[], named: boolean): number {
  if (observed.some(({ status }) => status.state === "unknown")) return exitStatus.noBackend;
  return isNotWell(observed, named) ? exitStatus.notUp : exitStatus.done;
}

/** True where a service is wanted but not up, or unhealthy, or where a service that was named does not run. */
function isNotWell(observed: Observed[], named: boolean): boolean {
  return observed.some(({ status, wanted }) =>
    status.state === "active" ? status.health === "unhealthy" : named || wanted || status.state === "failed",
  );
}
