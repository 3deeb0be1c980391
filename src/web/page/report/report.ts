// The page of export --format html: a table of what was measured, and the charts of the subject that the user chooses.
import { elementOf, termList } from "../base/dom.ts";
import { bytesText, countText, momentText, percentText } from "../base/words.ts";
import { ChartGrid } from "../chart/grid.ts";
import { type ChartRange, hostPlots, type PlotPoint, servicePlots } from "../chart/series.ts";
import { extentOf } from "../chart/values.ts";
import { restartMarks } from "../service/marks.ts";

type Report = { host: string; bs9: string; stepMs: number; fromMs: number; toMs: number };
type Subject = { name: string; columns: string[]; rows: (string | number | null)[][] };

const hostSubject = "bs9-host";

const report = blocks<Report>("report")[0];
const subjects = blocks<Subject>("subject");
const view = elementOf("div", { class: "service-view" });
let grid: ChartGrid | null = null;
if (report !== undefined) {
  document.body.append(shell(report));
  addEventListener("hashchange", () => show(report));
  show(report);
}

function blocks<T>(kind: string): T[] {
  return [...document.querySelectorAll(`script.${kind}`)].map((one) => JSON.parse(one.textContent) as T);
}

function titleOf(name: string): string {
  return name === hostSubject ? "the host" : name;
}

function shell({ host, bs9, stepMs, fromMs, toMs }: Report): HTMLElement {
  const facts = termList([
    ["Host", host],
    ["From", momentText(fromMs)],
    ["To", momentText(toMs)],
    ["Resolution", `${Math.round(stepMs / 1000)} s, or coarser where finer samples are no longer stored`],
    ["Made by", `bs9 ${bs9}`],
  ]);
  const header = elementOf(
    "header",
    { class: "top" },
    elementOf("span", { class: "brand" }, elementOf("b", {}, "bs9"), elementOf("span", {}, host)),
  );
  const content = elementOf(
    "main",
    { id: "content", class: "service-view" },
    elementOf("h1", {}, `What was measured on ${host}`),
    facts,
    table(),
    view,
  );
  return elementOf("div", { class: "shell" }, header, content);
}

function table(): HTMLElement {
  if (subjects.length === 0) return elementOf("p", { class: "none" }, "There are no samples in this range.");
  const heads = ["Name", "CPU, mean", "CPU, max", "Memory, max", "Requests", "5xx", "Restarts", "Last state"];
  const rows = subjects.map((subject) => {
    const values = (name: string) => subject.rows.flatMap((row) => numberIn(row[subject.columns.indexOf(name)]));
    const sum = (name: string) => (values(name).length === 0 ? null : values(name).reduce((a, b) => a + b, 0));
    const most = (name: string) => extentOf([...values(name), ...values(`${name}Max`)])?.most ?? null;
    const cpu = sum("cpuPercent");
    const state = subject.rows.at(-1)?.[subject.columns.indexOf("state")];
    const cells = [
      percentText(cpu === null ? null : cpu / values("cpuPercent").length),
      percentText(most("cpuPercent")),
      bytesText(most("memoryBytes")),
      countText(sum("requests")),
      countText(sum("requestErrors")),
      countText(sum("restarted")),
      typeof state === "string" ? state : "",
    ];
    const link = elementOf("a", { href: `#${encodeURIComponent(subject.name)}` }, titleOf(subject.name));
    return elementOf("tr", {}, elementOf("th", { scope: "row" }, link), ...cells.map((text) => elementOf("td", {}, text)));
  });
  const head = elementOf("tr", {}, ...heads.map((title) => elementOf("th", { scope: "col" }, title)));
  const figures = elementOf("table", { class: "figures" }, elementOf("thead", {}, head), elementOf("tbody", {}, ...rows));
  return elementOf(
    "div",
    { class: "panel" },
    elementOf("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Subjects" }, figures),
  );
}

function numberIn(value: unknown): number[] {
  return typeof value === "number" ? [value] : [];
}

function pointsOf({ columns, rows }: Subject): PlotPoint[] {
  return rows.map((row) => {
    const point = Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]));
    return { ...point, at: new Date(Number(point["atMs"])).toISOString() } as unknown as PlotPoint;
  });
}

/** Shows the charts of the subject in the hash; zooming needs nobody to ask. */
function show({ stepMs, fromMs, toMs }: Report): void {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const subject = subjects.find(({ name }) => name === wanted) ?? subjects[0];
  grid?.close();
  grid = null;
  if (subject === undefined) return;
  const points = pointsOf(subject);
  const whole = { fromMs, toMs };
  const draw = (range: ChartRange) => grid?.show({ points, stepMs, range, nowMs: null, limits: {}, marks: restartMarks(points) });
  const plots = subject.name === hostSubject ? hostPlots : servicePlots;
  grid = new ChartGrid({ plots, group: "report", onZoom: draw, onReset: () => draw(whole) });
  const hint = elementOf("p", { class: "dim" }, "Drag over a chart to zoom into it, and double-click to see all again.");
  view.replaceChildren(elementOf("h2", {}, titleOf(subject.name)), hint, grid.root);
  draw(whole);
}
