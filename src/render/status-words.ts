// The lines below the table of `status`.
import { statSync } from "node:fs";
import type { Backend } from "../backend/backend.ts";
import type { Notice } from "../backend/notice.ts";
import { olderSandbox } from "../status/foreign.ts";
import type { Observed } from "../status/schema.ts";
import { limitsNotInForce } from "./limit-words.ts";

export function emptyHint(observed: Observed[]): string[] {
  return observed.length === 0 ? ["No services. Start one: bs9 start app.ts"] : [];
}

/** One line for each of the first services that are not well. A service that a user stopped is left out. */
export function troubles(observed: Observed[]): string[] {
  const bad = observed.filter(({ status, wanted }) => status.reason !== null && (status.state !== "inactive" || wanted));
  const lines = bad.slice(0, 5).map(({ status }) => {
    const reason = status.reason ?? "";
    if (reason.includes("; try: bs9 ")) return `${status.name}: ${reason}`;
    return `${status.name}: ${reason}${/[.?!]$/.test(reason) ? "" : "."} Try: bs9 logs ${status.name}`;
  });
  return cut(lines, bad.length);
}

/** Explains the `!` behind a limit in the table. */
export function limitsOf(observed: Observed[]): string[] {
  const lines = observed.flatMap(({ status }) => limitsNotInForce(status));
  return cut(lines.slice(0, 5), lines.length);
}

function cut(lines: string[], all: number): string[] {
  return all > lines.length ? [...lines, `… and ${all - lines.length} more`] : lines;
}

/** For this long after the agent was asked to start, it is not reported as missing: it may still be starting. */
const agentStartMs = 10_000;

/** Warns if the agent did not measure the figures: then health is unknown, and no history is stored. */
export function whoMeasured(observed: Observed[], { agent }: Pick<Backend, "agent">): string[] {
  // If this user cannot have an agent of this bs9, `start` and `doctor` report that.
  if (agent?.whose() !== "ours") return [];
  const askedToStartMs = statSync(agent.file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - askedToStartMs < agentStartMs) return [];
  return observed.some(({ status }) => status.figuresFrom === "live")
    ? ["the agent does not answer: the figures were measured just now, health is unknown. Try: bs9 describe bs9-agent"]
    : [];
}

/**
 * One line for each unit that was removed, edited or added by hand. Drop-ins are left out, because they are a normal way to
 * configure a unit; `describe` and --json show them.
 */
export function changesByHand(observed: Observed[], added: Notice[]): string[] {
  const ofServices = observed.flatMap(({ status }) =>
    status.notices.filter(({ kind }) => kind === "unit-missing" || kind === "unit-edited"),
  );
  const changes = [...ofServices, ...added];
  const lines = changes.slice(0, 5).map(({ what, fix }) => `${what}. Try: ${fix}`);
  return cut(lines, changes.length);
}

/** One line for all services, because after an upgrade every running service still has the older sandbox. */
export function olderSandboxLines(observed: Observed[]): string[] {
  const isOlder = ({ status }: Observed) => status.state === "active" && status.notices.some(({ kind }) => kind === "unit-older");
  const names = observed.filter(isOlder).map(({ status }) => status.name);
  const [first] = names;
  if (first === undefined) return [];
  const shown = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  return [`${shown}: ${olderSandbox}. Try: bs9 restart ${first}`];
}
