// Starts, stops and restarts services for the dashboard, and says how that ended.
import { Bs9Error, reasonOf } from "../base/errors.ts";
import { formatSpan } from "../base/quantities.ts";
import type { Acted } from "../lifecycle/acted.ts";
import { restartDefined, startDefined, stopDefined } from "../lifecycle/acts.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { ServiceAct } from "./model.ts";

export type ActTold = { text: string; isError: boolean };

export async function act(verb: ServiceAct, names: string[], deps: Deps): Promise<ActTold> {
  const acts = {
    start: () => startDefined(names, deps, { linger: true }),
    stop: () => stopDefined(names, deps),
    restart: () => restartDefined(names, deps, { latestRuntime: false }),
  };
  try {
    return toldOf(verb, await acts[verb]());
  } catch (error) {
    const hint = error instanceof Bs9Error && error.hint !== undefined ? `. Try: ${error.hint}` : "";
    return { text: `cannot ${verb} ${wordsFor(names)}: ${reasonOf(error)}${hint}`, isError: true };
  }
}

export function wordsFor(names: string[]): string {
  return names.length === 1 ? (names[0] ?? "") : `${names.length} services`;
}

function toldOf(verb: ServiceAct, acted: Acted[]): ActTold {
  const bad = acted.filter(({ result }) => result === "failed");
  const [first] = bad;
  const names = acted.map(({ name }) => name);
  if (first === undefined) {
    const [one] = acted;
    const took = acted.length === 1 && one?.readiness?.ready === true ? `, ready in ${formatSpan(one.readiness.tookMs)}` : "";
    return { text: `${wordsFor(names)} ${one?.result ?? "unchanged"}${took}`, isError: false };
  }
  const others = bad.length === 1 ? "" : ` (and ${bad.length - 1} more failed)`;
  const hint = first.hint === null ? "" : `. Try: ${first.hint}`;
  return { text: `cannot ${verb} ${first.name}: ${first.cause}${others}${hint}`, isError: true };
}
