// The actions on services: each with its key, its words in the menu, and why it is not possible now. Pure.
import { shellWord } from "../../base/text.ts";
import { firingAlerts } from "../alerts.ts";
import type { MonitEffect } from "../events.ts";
import { emptyLog, leastLevels, type MonitModel, type ServiceAct, selectedRow } from "../model.ts";
import { saying, stepTo, type UpdateStep } from "./step.ts";

export type MonitAction = {
  key: string;
  words: string;
  /** Null where the action is possible. */
  whyNot(model: MonitModel): string | null;
  run(model: MonitModel): UpdateStep;
};

/** The marked services, or the selected one. */
function targetsIn({ marked, rows, selected }: MonitModel): string[] {
  const chosen = rows.map(({ status }) => status.name).filter((name) => marked.has(name));
  return chosen.length > 0 ? chosen : selected === null ? [] : [selected];
}

function whyNoAct(model: MonitModel): string | null {
  if (model.isReadOnly) return "monit was started with --read-only";
  if (model.moment !== null) return "the screen shows the past; 0 returns to now";
  return whyNoTarget(model);
}

function whyNoTarget(model: MonitModel): string | null {
  return targetsIn(model).length === 0 ? "no service is selected" : null;
}

/** True where every target is down: then `s` starts them, otherwise it stops them. */
function isDown(model: MonitModel): boolean {
  const targets = new Set(targetsIn(model));
  const states = model.rows.filter(({ status }) => targets.has(status.name)).map(({ status }) => status.state);
  return states.every((state) => state === "inactive" || state === "failed");
}

const asking = (act: ServiceAct) => (model: MonitModel) =>
  stepTo({ ...model, dialog: { kind: "confirm", act, names: targetsIn(model), isYes: false } });

function startOrStop(model: MonitModel): UpdateStep {
  return isDown(model)
    ? stepTo({ ...model, marked: new Set() }, { do: "act", act: "start", names: targetsIn(model) })
    : asking("stop")(model);
}

const ofSelected = (effect: (name: string) => MonitEffect) => (model: MonitModel) =>
  model.selected === null ? stepTo(model) : stepTo(model, effect(model.selected));

/** The alerts of the targets that fire and that nobody has acknowledged. */
function openAlerts(model: MonitModel): string[] {
  const targets = new Set(targetsIn(model));
  return firingAlerts(model)
    .filter(({ subject, ackedBy }) => targets.has(subject) && ackedBy === null)
    .map(({ id }) => id);
}

function whyNoAlert(model: MonitModel): string | null {
  return whyNoAct(model) ?? (openAlerts(model).length === 0 ? "no alert of it fires, or somebody has acknowledged it" : null);
}

const acknowledge = (model: MonitModel) => stepTo(model, { do: "acknowledge", ids: openAlerts(model) });

function why(model: MonitModel): UpdateStep {
  const row = selectedRow(model);
  if (row === null) return stepTo(model);
  const { status, end, outcome } = row;
  const lines = [
    `state   ${status.state}${status.health === null ? "" : `, ${status.health}`}`,
    `reason  ${status.reason ?? "the service is well"}`,
    ...(end === null ? [] : [`ended   ${end}`]),
    ...(outcome === null ? [] : [`start   failed at ${outcome.at}: ${outcome.cause}`]),
    ...firingAlerts(model)
      .filter(({ subject }) => subject === status.name)
      .map(({ sentence, ackedBy }) => `alert   ${sentence}${ackedBy === null ? "" : ` (acknowledged by ${ackedBy})`}`),
    ...status.notices.flatMap(({ what, fix }) => [`notice  ${what}`, ...(fix === null ? [] : [`        try: ${fix}`])]),
    "",
    `bs9 describe ${status.name} shows everything, bs9 logs ${status.name} the log.`,
  ];
  return stepTo({ ...model, dialog: { kind: "text", title: `why: ${status.name}`, lines, top: 0 } });
}

const copying = (textOf: (name: string, model: MonitModel) => string) => (model: MonitModel) => {
  const { selected } = model;
  if (selected === null) return stepTo(model);
  const text = textOf(selected, model);
  return stepTo(saying(model, `copied: ${text}`), { do: "copy", text });
};

/** The command that prints the lines which the log shows. `bs9 logs` has no option for the lines without a text. */
function logsCommand(name: string, { view, log, moment }: MonitModel): string {
  const time = (ms: number) => new Date(ms).toISOString();
  const isFull = view === "logs";
  const grep = isFull && log.only !== "" && !log.only.startsWith("!") ? log.only.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : "";
  return [
    `bs9 logs ${name}`,
    ...(isFull && log.fromMs > 0 ? [`--since ${time(log.fromMs)}`] : []),
    ...(moment === null ? [] : [`--until ${time(moment.atMs + moment.widthMs)}`]),
    ...(isFull && log.least > 0 ? [`--level ${leastLevels[log.least]}`] : []),
    ...(grep === "" ? [] : [`--grep ${shellWord(grep)}`]),
  ].join(" ");
}

const actions: MonitAction[] = [
  { key: "r", words: "restart", whyNot: whyNoAct, run: asking("restart") },
  { key: "s", words: "start or stop", whyNot: whyNoAct, run: startOrStop },
  {
    key: "l",
    words: "logs on the full screen",
    whyNot: whyNoTarget,
    run: (model) => stepTo({ ...model, view: "logs", log: { ...model.log, ...viewOfLog } }),
  },
  { key: "w", words: "why: how it is, and how it last ended", whyNot: whyNoTarget, run: why },
  {
    key: "z",
    words: "silence its alerts",
    whyNot: whyNoAct,
    run: (model) => stepTo({ ...model, dialog: { kind: "silence", names: targetsIn(model), at: 0 } }),
  },
  { key: "a", words: "acknowledge its alerts", whyNot: whyNoAlert, run: acknowledge },
  { key: "e", words: "names of its environment variables", whyNot: whyNoTarget, run: ofSelected((name) => ({ do: "environment", name })) },
  { key: "o", words: "log in the normal terminal", whyNot: whyNoTarget, run: ofSelected((name) => ({ do: "out", name })) },
  { key: "Y", words: "copy the bs9 logs command", whyNot: whyNoTarget, run: copying(logsCommand) },
];

/** The full screen begins at the end of the log. */
const { isFollowing, unseen, top, left } = emptyLog;
const viewOfLog = { isFollowing, unseen, top, left };

export function actionOf(key: string): MonitAction | null {
  return actions.find((action) => action.key === key) ?? null;
}

/** Runs an action, or says why it is not possible. */
export function acted(action: MonitAction, model: MonitModel): UpdateStep {
  const reason = action.whyNot(model);
  return reason === null ? action.run(model) : stepTo(saying(model, `cannot ${action.words}: ${reason}`, true));
}

/** The actions that contain every typed word. */
export function actionsFor(typed: string): MonitAction[] {
  const words = typed.toLowerCase().split(/\s+/);
  return actions.filter(({ words: text }) => words.every((word) => text.toLowerCase().includes(word)));
}
