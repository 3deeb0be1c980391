// The dashboard for screen readers and for terminals that cannot move the cursor: numbered rows once, then one line per change.
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import { formatAge, formatBytes } from "../base/quantities.ts";
import type { Terminal } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { Reasons } from "../lifecycle/reason/reasons.ts";
import { after, emptySnapshot } from "../status/events.ts";
import type { Observed, Snapshot } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import { firingAlerts } from "./alerts.ts";
import type { MonitModel } from "./model.ts";
import { latency } from "./view/columns.ts";
import { clock, dayAndClock } from "./view/words.ts";

export function plainRows(services: readonly Observed[]): string[] {
  if (services.length === 0) return ["No services yet. Start one: bs9 start app.ts"];
  return badFirst([...services]).map((one, i) => `${i + 1}. ${sentence(one)}`);
}

/** The services and the alerts of a model that shows now or a stored moment. */
export function plainLines(model: Pick<MonitModel, "rows" | "moment" | "frozen" | "snapshot" | "nowMs">): string[] {
  const { moment, rows, nowMs } = model;
  const lead = moment === null ? [] : [`at ${dayAndClock(moment.atMs, nowMs)} for ${formatAge(moment.widthMs)}`];
  const services = moment !== null && rows.length === 0 ? ["no service is stored at this time"] : plainRows(rows);
  return [...lead, ...services, ...firingAlerts(model).map(alertLine)];
}

/** Prints until the AbortSignal is aborted, or nobody reads stdout any more. */
export async function followPlain(deps: Deps, terminal: Terminal, paceMs: number): Promise<void> {
  let snapshot: Snapshot | null = null;
  const told = new Map<string, string>();
  const alerts = new Map<string, AlertNow>();
  const sayAlerts = (now: AlertNow[], atMs: number) => {
    const firing = firingAlerts({ moment: null, frozen: null, snapshot: { ...emptySnapshot, alerts: now } });
    for (const one of firing) {
      const before = alerts.get(one.id);
      if (before === undefined || before.ackedBy !== one.ackedBy) terminal.print(`${clock(atMs)} ${alertLine(one)}`);
      alerts.set(one.id, one);
    }
    for (const [id, one] of alerts) {
      if (firing.some((still) => still.id === id) || !alerts.delete(id)) continue;
      const isSilenced = now.some((still) => still.id === id && still.isSilenced);
      terminal.print(`${clock(atMs)} alert ${isSilenced ? "silenced" : "over"}: ${harmless(one.sentence)}`);
    }
  };
  const say = () => {
    for (const one of snapshot?.services ?? []) {
      const line = changeOf(reasons.explained(one));
      const key = withoutAges(line);
      if (told.get(one.status.name) === key) continue;
      told.set(one.status.name, key);
      terminal.print(`${clock(snapshot?.atMs ?? 0)} ${line}`);
    }
  };
  const reasons = new Reasons(deps, () => {
    if (!deps.signal.aborted) say();
  });
  for await (const event of deps.model.follow({ signal: deps.signal, paceMs })) {
    if (snapshot === null && event.kind === "snapshot") {
      for (const row of plainRows(event.snapshot.services)) terminal.print(row);
      for (const one of event.snapshot.services) told.set(one.status.name, withoutAges(changeOf(one)));
    }
    snapshot = snapshot === null && event.kind !== "snapshot" ? null : after(snapshot ?? emptySnapshot, event);
    if (event.kind === "gone" && told.delete(event.name)) terminal.print(`${clock(event.atMs)} ${event.name}: deleted`);
    say();
    if (snapshot !== null && (event.kind === "snapshot" || event.kind === "alert")) sayAlerts(snapshot.alerts ?? [], snapshot.atMs);
    reasons.hear(event, { services: snapshot?.services ?? [] });
    if (!(await terminal.flow())) return;
  }
}

/** Figures change all the time, so a line reports only these fields. */
function changeOf({ status: { name, state, health, restarts, reason } }: Observed): string {
  const words = [state, ...(health === null ? [] : [health]), ...((restarts ?? 0) > 0 ? [`restarts ${restarts}`] : [])];
  return `${name}: ${words.join(", ")}${reason === null ? "" : `: ${harmless(reason)}`}`;
}

/** A reason says how long something lasts, which changes each second while nothing happens. */
function withoutAges(line: string): string {
  return line
    .replace(/\bunhealthy for \w+/, "unhealthy")
    .replace(/\bnext start (?:in \d+ s|at once|soon)/, "next start")
    .replace(/ \w+ ago\b/, "");
}

function alertLine({ sentence, ackedBy }: AlertNow): string {
  return `alert: ${harmless(sentence)}${ackedBy === null ? "" : `, acknowledged by ${harmless(ackedBy)}`}`;
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
