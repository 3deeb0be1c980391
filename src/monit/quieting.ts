// Silences and acknowledges alerts for the dashboard, and says how that ended.
import { reasonOf } from "../base/errors.ts";
import { type AlertDeps, acknowledge, silence } from "../lifecycle/alert.ts";
import { type ActTold, wordsFor } from "./acting.ts";
import { dayAndClock } from "./view/words.ts";

export async function quieten(names: string[], lastsMs: number | null, deps: AlertDeps): Promise<ActTold> {
  const untilMs = lastsMs === null ? null : deps.now() + lastsMs;
  try {
    for (const name of names) await silence(name, untilMs, deps);
    const text = untilMs === null ? "no longer silenced" : `silenced until ${dayAndClock(untilMs, deps.now())}`;
    return { text: `${wordsFor(names)} ${text}`, isError: false };
  } catch (error) {
    return { text: `cannot silence ${wordsFor(names)}: ${reasonOf(error)}`, isError: true };
  }
}

export async function acknowledgeAll(ids: string[], deps: AlertDeps): Promise<ActTold> {
  const subjects: string[] = [];
  try {
    for (const id of ids) subjects.push(await acknowledge(id, deps));
    return {
      text: `acknowledged ${ids.length === 1 ? "the alert" : `${ids.length} alerts`} on ${[...new Set(subjects)].join(", ")}`,
      isError: false,
    };
  } catch (error) {
    return { text: `cannot acknowledge: ${reasonOf(error)}`, isError: true };
  }
}
