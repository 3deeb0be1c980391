// One frame of the dashboard as text: of now, or of a stored moment.
import type { Terminal } from "../base/terminal.ts";
import { explain } from "../lifecycle/reason/explain.ts";
import { hostName } from "../metrics/subject.ts";
import type { Snapshot } from "../status/schema.ts";
import type { MonitEffect, MonitEvent } from "./events.ts";
import { layoutOf, tableHeight } from "./layout.ts";
import type { MonitModel } from "./model.ts";
import { Moments } from "./moments.ts";
import { hostFigures } from "./past-moment.ts";
import { rowsAsLines } from "./screen/diff.ts";
import { painterOf } from "./screen/ink.ts";
import { followLog, type MonitDeps, PastReader, storedPoints } from "./sources.ts";
import { goTo } from "./update/time.ts";
import { update } from "./update/update.ts";
import { view } from "./view/view.ts";

/** `isWhole` makes the picture as high as the table needs, so that a script misses no service. */
export type StillOptions = { atMs: number | null; isWhole: boolean };

/** Null where nothing is stored of the moment that was asked for. */
export async function stillModel(first: MonitModel, deps: MonitDeps, { atMs, isWhole }: StillOptions): Promise<MonitModel | null> {
  let model = first;
  const wanted: MonitEffect[] = [];
  const take = (event: MonitEvent) => {
    const step = update(model, event);
    model = step.model;
    wanted.push(...step.effects);
  };
  const snapshot = await nowWithHost(deps);
  if (isWhole) model = { ...model, size: { ...model.size, rows: Math.max(model.size.rows, 3 * snapshot.services.length + 40) } };
  take({ kind: "tick", nowMs: Math.max(model.nowMs, snapshot.atMs) });
  if (atMs !== null) {
    const step = goTo(model, atMs);
    model = step.model;
    const { wantedMs } = model.travel;
    if (wantedMs === null) return null;
    const moment = await new Moments(deps).from(wantedMs, 0, { ...model, snapshot });
    if (moment === null) return null;
    take({ kind: "moment", askedMs: wantedMs, direction: 0, moment });
  }
  take({ kind: "services", event: { kind: "snapshot", snapshot } });
  await read(wanted, model, deps, take);
  return isWhole ? trimmed(model) : model;
}

export function stillLines(model: MonitModel, { style }: Pick<Terminal, "style">): string[] {
  return rowsAsLines(view(model), style.isColorSupported ? painterOf(true) : String);
}

async function nowWithHost(deps: MonitDeps): Promise<Snapshot> {
  const snapshot = await deps.model.now(deps.registry.names());
  await explain(snapshot.services, deps);
  if (snapshot.host !== null) return snapshot;
  const host = (await deps.storage.newest(hostName))?.points.get(hostName);
  return { ...snapshot, host: host === undefined ? null : hostFigures(host) };
}

/** Does the last of each kind of reading that the events have asked for. */
async function read(wanted: MonitEffect[], model: MonitModel, deps: MonitDeps, take: (event: MonitEvent) => void): Promise<void> {
  const follow = wanted.findLast((effect) => effect.do === "follow");
  const history = wanted.findLast((effect) => effect.do === "history");
  if (follow?.do === "follow" && follow.name !== null) {
    const { name } = follow;
    const untilMs = follow.untilMs ?? Date.now();
    const list = await new PastReader(deps).read(name, untilMs, deps.signal);
    take({ kind: "past", name, list });
    await followLog(name, untilMs, deps, deps.signal, (lines, isRead, trouble) => take({ kind: "log", name, lines, isRead, trouble }));
  }
  if (history?.do === "history") {
    const { name } = history;
    const points = await storedPoints(name, { ...history, intervalMs: model.intervalMs }, deps);
    take({ kind: "history", name, points, readMs: model.nowMs });
  }
}

/** The least height at which no service is below the table. */
function trimmed(model: MonitModel): MonitModel {
  const services = model.rows.length;
  const fits = (rows: number) => tableHeight(layoutOf({ ...model, size: { ...model.size, rows } }), services) >= services;
  let [low, high] = [24, Math.max(24, model.size.rows)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return { ...model, size: { ...model.size, rows: low } };
}
