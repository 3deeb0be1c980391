// One service: its state and why, its charts, and everything that bs9 knows about it.

import type { Description } from "../../../lifecycle/describe.ts";
import type { TrailRecord } from "../../../trail/record.ts";
import type { AlertsSeen } from "../../source.ts";
import { readAlerts } from "../alerts/alert-api.ts";
import { acknowledgeAlert, actOn, silenceAlerts } from "../base/acts.ts";
import { ApiProblem, apiGet, isLoggedOut, whyFailed } from "../base/api.ts";
import { button, elementOf, KeptText, setAttribute } from "../base/dom.ts";
import { openView, type PageContext, type ShownView, whileSeen } from "../base/page.ts";
import { hashOf, type Place } from "../base/place.ts";
import { ageText, healthWord, wellnessOf } from "../base/words.ts";
import { ChartGrid } from "../chart/grid.ts";
import { chartHistory } from "../chart/history.ts";
import { RangeBar } from "../chart/ranges.ts";
import { type ChartMark, servicePlots } from "../chart/series.ts";
import { logTail } from "../logs/tail.ts";
import { recentActs } from "../overview/recent.ts";
import { factPanels } from "./facts.ts";
import { actMarks, alertMarks, restartMarks } from "./marks.ts";

const factsEveryMs = 30_000;
const maxMarks = 200;

export function service(page: PageContext, first: Place): ShownView {
  let place = first;
  const { name } = first;
  const { live } = page;
  const [state, health, sandbox, uptime, reason] = [new KeptText(), new KeptText(), new KeptText(), new KeptText(), new KeptText()];
  const badge = (title: string, text: KeptText, id: string) =>
    elementOf("span", { class: `badge b-${id}` }, elementOf("span", { class: "dim" }, `${title} `), elementOf("b", {}, text.node));
  const start = button("Start", () => void actOn(page, "start", name), { class: "primary" });
  const restart = button("Restart", () => void actOn(page, "restart", name));
  const stop = button("Stop", () => void actOn(page, "stop", name));
  const quiet = button("Silence", () => void onAlert("silence"));
  const ack = button("Acknowledge", () => void onAlert("ack"));
  const why = elementOf("p", { class: "why" }, reason.node);
  const head = elementOf(
    "header",
    { class: "service-head" },
    elementOf("h1", {}, elementOf("span", { class: "sign", "aria-hidden": "true" }), name),
    elementOf(
      "span",
      { class: "badges" },
      badge("state", state, "state"),
      badge("health", health, "health"),
      badge("sandbox", sandbox, "sandbox"),
      badge("up", uptime, "uptime"),
    ),
    elementOf("div", { class: "acts" }, ack, quiet, start, restart, stop),
    why,
  );
  const problem = elementOf("p", { class: "problem", role: "status" });
  problem.hidden = true;
  const bar = new RangeBar(() => place);
  const grid = new ChartGrid({
    plots: servicePlots,
    group: `service ${name}`,
    onZoom: (range) => bar.zoom(range),
    onReset: () => bar.live(),
  });
  const tail = logTail(page, name);
  const recent = recentActs(page, name);
  const facts = elementOf("div", { class: "facts" });
  const logsLink = elementOf("a", { href: hashOf("logs", "", { services: name }) }, "All logs");
  const tailPanel = elementOf("section", { class: "panel tail" }, elementOf("h2", {}, "Last log lines", logsLink), tail.root);
  const body = elementOf("div", { class: "service-view" }, head, problem, bar.root, grid.root, tailPanel, facts);
  const allServices = elementOf("a", { href: hashOf("overview") }, "All services");
  const gone = elementOf("p", { class: "none" }, `There is no service named ${name}. `, allServices);
  const root = elementOf("div", {}, gone, body);

  let marks: ChartMark[] = [];
  let alerts: AlertsSeen | null = null;
  const firing = () => live.alerts?.find((one) => one.subject === name && one.state === "firing");
  const onAlert = async (what: "ack" | "silence") => {
    const alert = firing();
    if (alert !== undefined) await (what === "ack" ? acknowledgeAlert(page, alert) : silenceAlerts(page, alert));
  };
  const readMarks = async () => {
    const { records } = await apiGet<{ records: TrailRecord[] }>("api/history", { services: name, limit: maxMarks });
    alerts = await readAlerts().catch(() => null);
    const before = JSON.stringify(marks);
    marks = [...actMarks(records), ...alertMarks(name, live.alerts ?? [], alerts?.history ?? [])];
    if (JSON.stringify(marks) !== before) charts.refresh();
  };
  const readFacts = async () => {
    try {
      const [description] = await Promise.all([
        apiGet<Description>(`api/services/${encodeURIComponent(name)}`),
        readMarks(),
        recent.read(),
      ]);
      // Details that the user has opened, and the place in the page, stay as they are.
      const opened = [...facts.querySelectorAll("details")].map(({ open }) => open);
      facts.replaceChildren(...factPanels(description), recent.root);
      for (const [i, details] of [...facts.querySelectorAll("details")].entries()) details.open = opened[i] ?? false;
    } catch (error) {
      if (isLoggedOut(error)) page.loggedOut();
      else if (error instanceof ApiProblem && error.status === 404) showGone(true);
      else showProblem(whyFailed(error));
    }
  };
  const showProblem = (text: string | null) => {
    problem.textContent = text ?? "";
    problem.hidden = text === null;
  };
  // The body stays in the page, because a service that was deleted may come back.
  const showGone = (isGone: boolean) => {
    gone.hidden = !isGone;
    body.hidden = isGone;
  };
  const showStatus = () => {
    const observed = live.services.get(name);
    if (observed === undefined) {
      if (live.atMs !== null) showGone(true);
      return;
    }
    showGone(false);
    const { status } = observed;
    const wellness = wellnessOf(observed);
    state.set(status.state);
    health.set(healthWord(status));
    sandbox.set(status.sandbox);
    uptime.set(ageText(status.uptimeMs));
    reason.set(status.reason ?? "");
    setAttribute(body, "data-well", wellness);
    setAttribute(body, "data-state", status.state);
    setAttribute(head, "data-sandbox", status.sandbox);
    const isDown = status.state === "inactive" || status.state === "failed";
    start.hidden = !isDown;
    restart.hidden = isDown;
    stop.hidden = isDown && status.state !== "failed";
    const alert = firing();
    ack.hidden = alert === undefined || alert.ackedBy !== null;
    quiet.hidden = alert === undefined || alert.isSilenced;
  };
  const unlisten = live.listen((event) => {
    showStatus();
    const isOwn = (event.kind === "change" && event.observed.status.name === name) || event.kind === "alert";
    if (isOwn) refreshFacts();
  });
  showGone(false);
  showStatus();
  let endFacts = whileSeen(() => factsEveryMs, readFacts);
  const refreshFacts = () => {
    endFacts();
    endFacts = whileSeen(() => factsEveryMs, readFacts);
  };
  const limits = () => {
    const { memoryBytes, cpuPercent } = live.services.get(name)?.status.limits ?? { memoryBytes: null, cpuPercent: null };
    return { memory: memoryBytes?.value ?? null, cpu: cpuPercent?.value ?? null };
  };
  const charts = chartHistory(page, name, grid, {
    place: () => place,
    limits,
    marks: (points) => [...marks, ...restartMarks(points)],
    onProblem: showProblem,
  });

  return {
    title: name,
    root,
    keys: [
      ...bar.keys(),
      { keys: ["l"], text: "logs of this service", run: () => openView("logs", "", { services: name }) },
      { keys: ["r"], text: "restart", run: () => void actOn(page, "restart", name) },
      { keys: ["s"], text: "start or stop", run: () => void actOn(page, start.hidden ? "stop" : "start", name) },
      { keys: ["z"], text: "silence its alert", run: () => void onAlert("silence") },
      { keys: ["a"], text: "acknowledge its alert", run: () => void onAlert("ack") },
      {
        keys: ["Escape", "h"],
        text: "out of the zoom, or back to the overview",
        run: () => (place.query["from"] === undefined ? openView("overview") : bar.live()),
      },
    ],
    moved(to) {
      place = to;
      bar.update();
      charts.refresh();
    },
    close() {
      unlisten();
      endFacts();
      charts.close();
      grid.close();
      tail.close();
    },
  };
}
