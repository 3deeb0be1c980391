// The acts of `bs9 alert`: changes alerts.json, silences a service, acknowledges an alert. Each is recorded in the trail.
import { hostname } from "node:os";
import { basename } from "node:path";
import { channelsNamed } from "../alerting/channels/channels.ts";
import { changesInWords } from "../alerting/config/changes.ts";
import type { AlertFile } from "../alerting/config/config.ts";
import { type AlertEdits, editedAlerts } from "../alerting/config/edit.ts";
import { alertMistakeLine, alertsFile, loadAlerts, parseAlerts, writeAlerts } from "../alerting/config/file.ts";
import { AlertsInForce } from "../alerting/config/in-force.ts";
import { maskedAlerts } from "../alerting/config/masked.ts";
import { readKept } from "../alerting/evaluation/kept.ts";
import { readQuiet, writeQuiet } from "../alerting/evaluation/silences.ts";
import { channelsToLose, type LostChannel } from "../alerting/spool/backlog.ts";
import { spoolFile } from "../alerting/spool/deliver.ts";
import { readSpool } from "../alerting/spool/spool-file.ts";
import { exitStatus, failed, notFound, usage } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { Difference } from "../service/plan.ts";
import { type Deps, lockRegistry } from "./deps.ts";
import { append } from "./recorded.ts";

export type AlertDeps = Pick<Deps, "registry" | "trail" | "warn" | "progress" | "now"> & {
  paths: Pick<Paths, "config" | "state">;
  /** The user who acts. */
  user: string;
};

const act = "alert";

/** `lost`: the channels that were removed or turned off, and for which messages waited. */
export type ChangedAlerts = {
  differences: Difference[];
  /** The differences in words. */
  lines: string[];
  lost: LostChannel[];
};

/** Returns the differences, without secrets. Throws if the file has mistakes, or would have some afterwards. */
export async function changeAlerts(edits: AlertEdits, deps: AlertDeps): Promise<ChangedAlerts> {
  const { config } = deps.paths;
  using _lock = await lockRegistry(deps, act);
  const before = loadAlerts(config);
  const path = alertsFile(config);
  if (before.config === null)
    throw failed(`cannot change ${path}: it has mistakes`, {
      details: before.mistakes.map((mistake) => alertMistakeLine(path, mistake)),
      hint: "bs9 alert --list",
    });
  const after = editedAlerts(before.file, edits, hostname());
  const { mistakes, config: wanted } = parseAlerts(JSON.stringify(after));
  const [mistake = null] = mistakes;
  if (wanted === null)
    throw usage(`cannot change ${basename(path)}: ${optionOf(mistake?.field ?? "")} ${mistake?.what}`, { hint: "bs9 help alert" });
  const differences = differencesOf(before.file, after);
  if (differences.length === 0) return { differences, lines: [], lost: [] };
  // Read before the agent sees the new file and drops the messages.
  const lost = readSpool(spoolFile(deps.paths.state), (db) => channelsToLose(db, wanted.enabled ? channelsNamed(wanted.channels) : []));
  writeAlerts(config, after);
  new AlertsInForce(deps.paths).keepAgain();
  await record(deps, edits.service === undefined ? [] : [edits.service], differences, "changed the rules or channels of alerts");
  return { differences, lines: changesInWords(before.config, wanted), lost: lost ?? [] };
}

/** `untilMs` null: ends the silence. Returns false if there was none to end. */
export async function silence(service: string, untilMs: number | null, deps: AlertDeps): Promise<boolean> {
  const { state } = deps.paths;
  using _lock = await lockRegistry(deps, act);
  const quiet = readQuiet(state);
  const others = quiet.silences.filter((one) => one.service !== service);
  const before = quiet.silences.find((one) => one.service === service && one.untilMs > deps.now());
  const silences = untilMs === null ? others : [...others, { service, untilMs, by: deps.user }];
  writeQuiet(state, { ...quiet, silences }, deps.now());
  const text = (ms: number | null | undefined) => (ms == null ? undefined : new Date(ms).toISOString());
  const message = untilMs === null ? "ended the silence of alerts" : `silenced alerts until ${text(untilMs)}`;
  await record(deps, [service], [{ path: "silencedUntil", before: text(before?.untilMs), after: text(untilMs) }], message);
  return untilMs !== null || before !== undefined;
}

/** Returns the subject of the alert. Throws if no alert with this id fires. */
export async function acknowledge(id: string, deps: AlertDeps): Promise<string> {
  const { state } = deps.paths;
  using _lock = await lockRegistry(deps, act);
  const alert = readKept(state)?.alerts.find((one) => one.id === id);
  if (id === "" || alert === undefined) throw notFound(`no alert with the id '${id}' fires now`, { hint: "bs9 alert --list" });
  const quiet = readQuiet(state);
  const acks = [...quiet.acks.filter((one) => one.id !== id), { id, atMs: deps.now(), by: deps.user }];
  writeQuiet(state, { ...quiet, acks }, deps.now());
  await record(
    deps,
    [alert.subject],
    [{ path: "acknowledged", before: undefined, after: `${alert.rule} ${id}` }],
    `acknowledged the alert ${alert.rule} ${id}`,
  );
  return alert.subject;
}

function record(deps: AlertDeps, targets: string[], differences: Difference[], message: string): Promise<void> {
  return append(deps, { act, targets, differences }, { message, failed: [], exitStatus: exitStatus.done });
}

/** The option that sets a field; the field where no option does. */
function optionOf(field: string): string {
  const parts = field.split(".");
  const name = parts.at(-1) === "for" ? "for" : Object.keys(optionsOf).find((part) => parts.includes(part));
  return name === undefined ? field : `--${optionsOf[name] ?? name}`;
}

/** The options by the part of a field that names what they set. */
const optionsOf: Readonly<Record<string, string>> = {
  cpu: "cpu",
  memory: "memory",
  errorRate: "error-rate",
  uptime: "uptime",
  health: "health",
  webhooks: "webhook",
  mail: "mail",
  heartbeat: "heartbeat",
  cooldownSeconds: "cooldown",
};

function differencesOf(before: AlertFile, after: AlertFile): Difference[] {
  const [was, is] = [leaves(before), leaves(after)];
  const [shownBefore, shownAfter] = [leaves(maskedAlerts(before)), leaves(maskedAlerts(after))];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => ({ path, before: shownBefore.get(path), after: shownAfter.get(path) }));
}

function leaves(value: unknown, path: string[] = []): Map<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[path.join("."), value]]);
  return new Map(Object.entries(value).flatMap(([key, one]) => [...leaves(one, [...path, key])]));
}
