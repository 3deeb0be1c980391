// The alerts: those that fire or are pending, the silences, and what fired before.

import type { AlertNow } from "../../../alerting/evaluation/kept.ts";
import type { AlertEvent } from "../../../alerting/message.ts";
import type { AlertsSeen } from "../../source.ts";
import { acknowledgeAlert, endSilence, silenceAlerts, testAlerts } from "../base/acts.ts";
import { isLoggedOut, whyFailed } from "../base/api.ts";
import { button, type Child, elementOf, panel } from "../base/dom.ts";
import { openView, type PageContext, type ShownView, whileSeen } from "../base/page.ts";
import { hashOf } from "../base/place.ts";
import { ageText, momentText } from "../base/words.ts";
import { readAlerts } from "./alert-api.ts";

const everyMs = 30_000;
const shownHistory = 200;
const hostSubject = "bs9-host";

export function alerts(page: PageContext): ShownView {
  const { live } = page;
  let list: AlertsSeen | null = null;
  const [now, silences, history] = [elementOf("div", {}), elementOf("div", {}), elementOf("div", {})];
  const test = button("Send a test", () => void testAlerts(page));
  const head = elementOf("header", { class: "view-head" }, elementOf("h1", {}, "Alerts"), test);
  const problem = elementOf("p", { class: "problem", role: "status" });
  problem.hidden = true;
  const root = elementOf(
    "div",
    { class: "alerts-view" },
    head,
    problem,
    panel("Now", now),
    panel("Silences", silences),
    panel("History", history),
  );

  const act = async (what: (page: PageContext, alert: AlertNow) => Promise<boolean>, alert: AlertNow) => {
    if (await what(page, alert)) await read();
  };
  const showNow = () => {
    const found = live.alerts ?? list?.alerts ?? null;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["key"] ?? null;
    if (found === null && list === null && live.atMs === null) now.replaceChildren(none("Reading …"));
    else if (found === null)
      now.replaceChildren(none("No agent runs, so nobody evaluates the rules. ", elementOf("code", {}, "bs9 doctor"), " says why."));
    else if (found.length === 0) now.replaceChildren(none("No alert is pending or firing."));
    else now.replaceChildren(elementOf("ul", { class: "alerts" }, ...sorted(found).map((alert) => alertItem(alert, act))));
    if (focused !== null) now.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  };
  const end = async (subject: string) => {
    if (await endSilence(page, subject)) await read();
  };
  const showRest = () => {
    if (list === null) {
      silences.replaceChildren(none("Reading …"));
      history.replaceChildren(none("Reading …"));
      return;
    }
    const quiet = list.silences.filter(({ untilMs }) => untilMs > Date.now());
    silences.replaceChildren(
      quiet.length === 0
        ? none("Nothing is silent.")
        : elementOf(
            "ul",
            { class: "acts-list" },
            ...quiet.map(({ service, untilMs, by }) =>
              elementOf(
                "li",
                {},
                subjectLink(service),
                elementOf("span", {}, `until ${momentText(untilMs)}`),
                elementOf(
                  "span",
                  { class: "by" },
                  `by ${by} `,
                  button("End", () => void end(service), { "aria-label": `End the silence of ${service}` }),
                ),
              ),
            ),
          ),
    );
    const past = list.history.slice(0, shownHistory);
    history.replaceChildren(past.length === 0 ? none("No alert has fired yet.") : historyTable(past));
  };
  const read = async () => {
    try {
      list = await readAlerts();
      problem.hidden = true;
      showNow();
      showRest();
    } catch (error) {
      if (isLoggedOut(error)) page.loggedOut();
      problem.textContent = `The alerts cannot be read: ${whyFailed(error)}`;
      problem.hidden = false;
    }
  };
  const unlisten = live.listen(({ kind }) => {
    if (kind !== "alert" && kind !== "snapshot") return;
    showNow();
    void read();
  });
  showNow();
  showRest();
  const endReading = whileSeen(() => everyMs, read);
  const move = (by: number) => {
    const links = [...now.querySelectorAll<HTMLElement>("a[data-key]")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
  };
  const selected = () => {
    const key = document.activeElement?.closest<HTMLElement>("[data-alert]")?.dataset["alert"];
    const found = sorted(live.alerts ?? list?.alerts ?? []);
    return found.find((alert) => keyOf(alert) === key) ?? found[0];
  };
  return {
    title: "Alerts",
    root,
    keys: [
      { keys: ["j", "ArrowDown"], text: "next alert", run: () => move(1) },
      { keys: ["k", "ArrowUp"], text: "alert before", run: () => move(-1) },
      { keys: ["a"], text: "acknowledge the selected alert", run: () => onSelected(acknowledgeAlert) },
      { keys: ["z"], text: "silence the selected alert", run: () => onSelected(silenceAlerts) },
      { keys: ["l"], text: "logs of its service", run: () => openView("logs", "", { services: selected()?.subject ?? null }) },
    ],
    close() {
      unlisten();
      endReading();
    },
  };

  function onSelected(what: (page: PageContext, alert: AlertNow) => Promise<boolean>): void {
    const alert = selected();
    if (alert?.state === "firing") void act(what, alert);
  }
}

const keyOf = ({ rule, subject }: AlertNow) => `${subject} ${rule}`;
const none = (...children: Child[]) => elementOf("p", { class: "none" }, ...children);

/** Firing before pending, critical before warning, then the newest. */
function sorted(found: readonly AlertNow[]): AlertNow[] {
  const rank = ({ state, severity }: AlertNow) => (state === "pending" ? 2 : 0) + (severity === "critical" ? 0 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b) || b.sinceMs - a.sinceMs);
}

function subjectLink(subject: string, key: string | null = null): HTMLElement {
  const href = subject === hostSubject ? hashOf("host") : hashOf("service", subject);
  return elementOf("a", { href, "data-key": key }, subject === hostSubject ? "the host" : subject);
}

function alertItem(
  alert: AlertNow,
  act: (what: (page: PageContext, alert: AlertNow) => Promise<boolean>, alert: AlertNow) => Promise<void>,
): HTMLElement {
  const { rule, subject, state, severity, sinceMs, sentence, isSilenced, ackedBy } = alert;
  const isHost = subject === hostSubject;
  const notes = [
    `since ${momentText(sinceMs)}`,
    ageText(Date.now() - sinceMs),
    ackedBy === null ? null : `acknowledged by ${ackedBy}`,
    isSilenced ? "silent" : null,
  ];
  const key = keyOf(alert);
  return elementOf(
    "li",
    { class: "alert", "data-state": state, "data-severity": severity, "data-alert": key },
    elementOf("span", { class: "sign", "aria-hidden": "true" }),
    elementOf(
      "div",
      {},
      elementOf("p", {}, elementOf("b", {}, state === "pending" ? "pending" : severity), " ", subjectLink(subject, key), ` · ${rule}`),
      elementOf("p", {}, sentence),
      elementOf("p", { class: "dim" }, notes.filter((text) => text !== null).join(" · ")),
    ),
    elementOf(
      "div",
      { class: "acts" },
      state === "pending" || ackedBy !== null
        ? null
        : button("Acknowledge", () => void act(acknowledgeAlert, alert), {
            "data-key": `${key} ack`,
            "aria-label": `Acknowledge ${rule} of ${subject}`,
          }),
      state === "pending" || isSilenced || isHost
        ? null
        : button("Silence", () => void act(silenceAlerts, alert), {
            "data-key": `${key} silence`,
            "aria-label": `Silence the alerts of ${subject}`,
          }),
      isHost
        ? null
        : button("Logs", () => openView("logs", "", { services: subject }), {
            "data-key": `${key} logs`,
            "aria-label": `Logs of ${subject}`,
          }),
    ),
  );
}

function historyTable(events: readonly AlertEvent[]): HTMLElement {
  const head = ["Time", "Event", "Subject", "Rule", "What"].map((title) => elementOf("th", { scope: "col" }, title));
  const rows = events.map(({ atMs, kind, severity, subject, rule, sentence }) =>
    elementOf(
      "tr",
      { "data-kind": kind },
      elementOf("td", {}, elementOf("time", { datetime: new Date(atMs).toISOString() }, momentText(atMs))),
      elementOf("td", {}, kind === "firing" ? severity : kind),
      elementOf("td", {}, subjectLink(subject)),
      elementOf("td", {}, rule),
      elementOf("td", {}, sentence),
    ),
  );
  const table = elementOf(
    "table",
    { class: "figures" },
    elementOf("thead", {}, elementOf("tr", {}, ...head)),
    elementOf("tbody", {}, ...rows),
  );
  return elementOf("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "History of the alerts" }, table);
}
