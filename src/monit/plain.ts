// The dashboard for screen readers and for terminals that cannot move the cursor: numbered rows once, then one line per change.
import { formatAge, formatBytes } from "../base/quantities.ts";
import type { Terminal } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { Reasons } from "../lifecycle/reason/reasons.ts";
import { after, emptySnapshot } from "../status/events.ts";
import type { Observed, Snapshot } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import { latency } from "./view/columns.ts";
import { clock } from "./view/words.ts";

export function plainRows(services: readonly Observed[]): string[] {
  if (services.length === 0) return ["No services yet. Start one: bs9 start app.ts"];
  return badFirst([...services]).map((one, i) => `${i + 1}. ${sentence(one)}`);
}

/** Prints until the AbortSignal is aborted, or nobody reads stdout any more. */
export async function followPlain(deps: Deps, terminal: Terminal, paceMs: number): Promise<void> {
  let snapshot: Snapshot | null = null;
  const told = new Map<string, string>();
  const say = () => {
    for (const one of snapshot?.services ?? []) {
      const line = changeOf(reasons.explained(one));
      if (told.get(one.status.name) === line) continue;
      told.set(one.status.name, line);
      terminal.print(`${clock(snapshot?.atMs ?? 0)} ${line}`);
    }
  };
  const reasons = new Reasons(deps, () => {
    if (!deps.signal.aborted) say();
  });
  for await (const event of deps.model.follow({ signal: deps.signal, paceMs })) {
    if (snapshot === null && event.kind === "snapshot") {
      for (const row of plainRows(event.snapshot.services)) terminal.print(row);
      for (const one of event.snapshot.services) told.set(one.status.name, changeOf(one));
    }
    snapshot = snapshot === null && event.kind !== "snapshot" ? null : after(snapshot ?? emptySnapshot, event);
    if (event.kind === "gone" && told.delete(event.name)) terminal.print(`${clock(event.atMs)} ${event.name}: deleted`);
    say();
    reasons.hear(event, { services: snapshot?.services ?? [] });
    if (!(await terminal.flow())) return;
  }
}

/** Figures change all the time, so a line reports only these fields. */
function changeOf({ status: { name, state, health, restarts, reason } }: Observed): string {
  const words = [state, ...(health === null ? [] : [health]), ...((restarts ?? 0) > 0 ? [`restarts ${restarts}`] : [])];
  return `${name}: ${words.join(", ")}${reason === null ? "" : `: ${harmless(reason)}`}`;
}

function sentence(one: Observed): string {
  const { cpuPercent, memoryBytes, limits, uptimeMs, requests } = one.status;
  const limit = limits.memoryBytes === null ? "" : ` of ${formatBytes(limits.memoryBytes.value)}`;
  return [
    changeOf(one),
    ...(cpuPercent === null ? [] : [`cpu ${cpuPercent.toFixed(1)}%`]),
    ...(memoryBytes === null ? [] : [`memory ${formatBytes(memoryBytes)}${limit}`]),
    ...(uptimeMs === null ? [] : [`up ${formatAge(uptimeMs)}`]),
    ...(requests === null
      ? []
      : [
          `${requests.perSecond.toFixed(1)} requests per second, ${requests.errorPercent?.toFixed(1) ?? "-"}% errors, p95 ${latency(requests.p95Ms)}`,
        ]),
  ].join(", ");
}
