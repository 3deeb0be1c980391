// The host: its charts, and what bs9 doctor finds on it.

import type { Finding } from "../../../backend/finding.ts";
import type { Notice } from "../../../backend/notice.ts";
import type { AlertsSeen } from "../../source.ts";
import { readAlerts } from "../alerts/alert-api.ts";
import { apiGet, isLoggedOut, whyFailed } from "../base/api.ts";
import { elementOf, KeptText, panel, termList } from "../base/dom.ts";
import { type PageContext, type ShownView, whileSeen } from "../base/page.ts";
import type { Place } from "../base/place.ts";
import { ageText, bytesText, countText } from "../base/words.ts";
import { ChartGrid } from "../chart/grid.ts";
import { chartHistory } from "../chart/history.ts";
import { RangeBar } from "../chart/ranges.ts";
import { type ChartMark, hostPlots } from "../chart/series.ts";
import { alertMarks } from "../service/marks.ts";

export type HostAnswer = {
  host: string;
  kernel: string;
  architecture: string;
  uptimeMs: number;
  bs9: string;
  figures: Record<string, number | null> | null;
  notices: Notice[];
  warnings: string[];
};

const hostSubject = "bs9-host";
const factsEveryMs = 60_000;

export function host(page: PageContext, first: Place): ShownView {
  let place = first;
  let alerts: AlertsSeen | null = null;
  const bar = new RangeBar(() => place);
  const grid = new ChartGrid({ plots: hostPlots, group: "host", onZoom: (range) => bar.zoom(range), onReset: () => bar.live() });
  const problem = elementOf("p", { class: "problem", role: "status" });
  problem.hidden = true;
  const showProblem = (text: string | null) => {
    problem.textContent = text ?? "";
    problem.hidden = text === null;
  };
  const facts = elementOf("div", { class: "facts" });
  const found = elementOf("div", {}, elementOf("p", { class: "none" }, "Reading …"));
  const doctor = panel("What bs9 doctor finds", found);
  const title = new KeptText(page.host());
  const head = elementOf("header", { class: "view-head" }, elementOf("h1", {}, title.node));
  const root = elementOf("div", { class: "host-view" }, head, problem, bar.root, grid.root, facts);

  const readFacts = async () => {
    try {
      const answer = await apiGet<HostAnswer>("api/host");
      title.set(answer.host);
      facts.replaceChildren(hostPanel(answer), noticePanel(answer), doctor);
    } catch (error) {
      if (isLoggedOut(error)) page.loggedOut();
      else showProblem(`The host cannot be read: ${whyFailed(error)}`);
    }
    const before = JSON.stringify(marks());
    alerts = await readAlerts().catch(() => null);
    if (JSON.stringify(marks()) !== before) charts.refresh();
  };
  const readFindings = async () => {
    try {
      const { findings } = await apiGet<{ findings: Omit<Finding, "fix">[] }>("api/doctor");
      found.replaceChildren(
        findings.length === 0 ? elementOf("p", { class: "good" }, "This host has everything that bs9 needs.") : findingList(findings),
      );
    } catch (error) {
      found.replaceChildren(elementOf("p", { class: "none" }, `It cannot be read: ${whyFailed(error)}`));
    }
  };
  const marks = (): ChartMark[] => alertMarks(hostSubject, page.live.alerts ?? [], alerts?.history ?? []);
  const charts = chartHistory(page, hostSubject, grid, { place: () => place, limits: () => ({}), marks, onProblem: showProblem });
  const endFacts = whileSeen(() => factsEveryMs, readFacts);
  void readFindings();
  return {
    title: "Host",
    root,
    keys: bar.keys(),
    moved(to) {
      place = to;
      bar.update();
      charts.refresh();
    },
    close() {
      endFacts();
      charts.close();
      grid.close();
    },
  };
}

function hostPanel({ kernel, architecture, uptimeMs, bs9, figures }: HostAnswer): HTMLElement {
  const figure = (name: string) => figures?.[name] ?? null;
  const space = (name: "home" | "state" | "projects") => {
    const free = figure(`${name}FreeBytes`);
    return free === null ? null : `${bytesText(free)} free, ${Math.round(figure(`${name}UsedPercent`) ?? 0)}% used`;
  };
  return panel(
    "Host",
    termList([
      ["Up", ageText(uptimeMs)],
      ["Kernel", `Linux ${kernel}, ${architecture}`],
      ["bs9", bs9],
      ["Cores", countText(figure("cores"))],
      ["Memory", `${bytesText(figure("memoryBytes"))} of ${bytesText(figure("memoryTotalBytes"))}`],
      ["Swap", `${bytesText(figure("swapBytes"))} of ${bytesText(figure("swapTotalBytes"))}`],
      ["Load", ["load1", "load5", "load15"].map((name) => countText(figure(name))).join("  ")],
      ["Home", space("home")],
      ["State of bs9", space("state")],
      ["Projects", space("projects")],
    ]),
  );
}

function noticePanel({ notices, warnings }: HostAnswer): HTMLElement | string {
  if (notices.length + warnings.length === 0) return "";
  const items = [
    ...notices.map(({ what, fix }) => elementOf("li", {}, `${what}. `, fix === null ? null : elementOf("code", {}, fix))),
    ...warnings.map((text) => elementOf("li", {}, text)),
  ];
  return panel("Notices", elementOf("ul", { class: "missing" }, ...items));
}

function findingList(findings: readonly Omit<Finding, "fix">[]): HTMLElement {
  const items = findings.map(({ severity, what, why, mend }) =>
    elementOf(
      "li",
      { "data-severity": severity },
      elementOf("p", {}, elementOf("b", {}, severity), ` ${what}`),
      elementOf("p", { class: "dim" }, why),
      elementOf("p", {}, elementOf("code", {}, mend)),
    ),
  );
  return elementOf("ul", { class: "findings" }, ...items);
}
