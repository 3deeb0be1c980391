// What `status` says beside its table, and whether all is as it is wanted; pure but for the time.
import { formatAge } from "../base/quantities.ts";
import { endOf } from "../lifecycle/ready.ts";
import type { Observed } from "../lifecycle/status.ts";

/** Wanted but not up; or, where services were named, one that does not run. */
export function isNotUp(observed: Observed[], named: boolean): boolean {
  return observed.some(({ status, reading }) => status.state !== "active" && (named || reading.wanted || status.state === "failed"));
}

export function emptyHint(observed: Observed[]): string[] {
  return observed.length === 0 ? ["No services. Start one: bs9 start app.ts"] : [];
}

/** One line for each of the first services that are not well. */
export function troubles(observed: Observed[]): string[] {
  const bad = observed.filter(({ status }) => status.state === "failed");
  const lines = bad.slice(0, 5).map(({ spec, reading, outcome }) => {
    const cause = outcome === null ? endOf(reading) : outcome.cause.replace(/^cannot start \S+: /, "");
    const age = outcome === null ? "" : `, ${formatAge(Date.now() - Date.parse(outcome.at))} ago`;
    return `${spec.name}: ${cause}${age}. Try: bs9 logs ${spec.name}`;
  });
  return bad.length > 5 ? [...lines, `… and ${bad.length - 5} more`] : lines;
}
