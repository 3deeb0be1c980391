// bs9 status: every service in one table, bad ones first.
import { exitStatus } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { foreignSentence } from "../lifecycle/foreign.ts";
import { observe } from "../lifecycle/observe.ts";
import { pickTargets } from "../service/targets.ts";
import type { Command, Result, Words } from "./command.ts";
import { flagOf } from "./options.ts";
import { othersTable, statusTable } from "./status-table.ts";
import { watch } from "./status-watch.ts";
import { changesByHand, emptyHint, isNotUp, sharedNotices, troubles, whoMeasured } from "./status-words.ts";

export const status: Command = {
  name: "status",
  synopsis: "[TARGET…]",
  aliases: ["ls", "list"],
  summary: "what every service does now, bad ones first",
  options: [
    { flags: "--watch", text: "keep it up to date" },
    { flags: "--all", text: "also the user's other services, read-only" },
  ],
  examples: ["bs9 status", "bs9 status web --json", "bs9 status --watch", "bs9 status -q | xargs bs9 restart"],
  exits: [3, 4, 5],
  async run(given: Words, context: Context): Promise<Result | null> {
    if (flagOf(given.options, "watch")) return watch(given, context);
    const deps = await context.deps();
    const names = given.words.length === 0 ? context.registry.names() : pickTargets(given.words, context.registry.names());
    const observed = await observe(names, deps);
    const added =
      given.words.length > 0
        ? []
        : (deps.backend.strangers?.changes(context.registry.names()) ?? []).filter(({ kind }) => kind === "added");
    const others = flagOf(given.options, "all")
      ? ((await deps.backend.strangers?.services()) ?? []).filter(({ unit }) => !observed.some((one) => one.status.unit === unit))
      : [];
    return {
      value: [
        ...observed.map(({ status }) => status),
        ...added.map((one) => ({ name: one.name, unit: `${one.name}.service`, managed: false, notices: [foreignSentence(one)] })),
        ...others.map(({ name, unit, state }) => ({ name, unit, state, managed: false })),
      ],
      names: observed.map(({ status }) => status.name),
      text: (style) => [
        ...(observed.length === 0 ? [] : statusTable(observed, style, context.terminal.columns)),
        ...(others.length === 0 ? [] : ["", ...othersTable(others)]),
      ],
      hints: [
        ...emptyHint(observed),
        ...troubles(observed),
        ...changesByHand(observed, added),
        ...sharedNotices(observed),
        ...whoMeasured(observed, deps),
      ],
      exitStatus: isNotUp(observed, given.words.length > 0) ? exitStatus.notUp : exitStatus.done,
    };
  },
};
