// What keys, the mouse, events and time make of the dashboard, without a terminal.
import { expect, test } from "bun:test";
import type { MonitEffect } from "../../src/monit/events.ts";
import { alert, furnish, nowMs, Scene, service, snapshotOf, usual } from "./scene.ts";

const acts = (effects: MonitEffect[]) => effects.filter((effect) => effect.do === "act");

test("services that are not well come first, and the selection begins there", () => {
  const scene = new Scene();
  expect(scene.names()).toEqual(["worker", "mailer", "imgproxy", "api", "billing", "web", "cron"]);
  expect(scene.model.selected).toBe("worker");
  expect(scene.effects).toContainEqual({ do: "follow", name: "worker", untilMs: null });
});

test("the selection stays on its service while the rows are sorted anew", () => {
  const scene = new Scene().keys("j j j");
  expect(scene.model.selected).toBe("api");
  const now = usual.map((one) => (one.status.name === "billing" ? service("billing", { state: "failed" }) : one));
  scene.take({ kind: "services", event: { kind: "snapshot", snapshot: snapshotOf(now) } });
  expect(scene.names().indexOf("api")).toBe(4);
  expect(scene.model.selected).toBe("api");
  // A service that is deleted gives its place to the next one.
  scene.take({ kind: "services", event: { kind: "gone", atMs: nowMs, name: "api" } });
  expect(scene.model.selected).toBe("web");
});

test.each<[string, string[]]>([
  ["N", ["api", "billing", "cron", "imgproxy", "mailer", "web", "worker"]],
  ["N N", ["worker", "web", "mailer", "imgproxy", "cron", "billing", "api"]],
  ["C", ["imgproxy", "api", "mailer", "web", "billing", "cron", "worker"]],
  // Services without the figure stay last when the order is reversed.
  ["C I", ["billing", "web", "mailer", "api", "imgproxy", "cron", "worker"]],
  ["M", ["api", "mailer", "imgproxy", "web", "billing", "cron", "worker"]],
  ["R", ["worker", "mailer", "api", "billing", "cron", "imgproxy", "web"]],
  ["U", ["billing", "web", "api", "mailer", "imgproxy", "cron", "worker"]],
  ["H", ["mailer", "imgproxy", "api", "billing", "web", "cron", "worker"]],
])("the keys %s sort the table", (keys, expected) => {
  expect(new Scene().keys(keys).names()).toEqual(expected);
});

test.each<[string, string[]]>([
  ["/ a p i", ["api"]],
  ["/ a c t i v e", ["mailer", "api", "billing", "web", "cron"]],
  ["/ u n h", ["mailer"]],
  ["/ ! a c t i v", ["worker"]],
  ["/ x x backspace backspace w o r space k enter", ["worker"]],
  ["/ a p i escape", ["worker", "mailer", "imgproxy", "api", "billing", "web", "cron"]],
  ["F", ["worker", "mailer", "imgproxy"]],
  ["F F", ["worker", "mailer", "imgproxy", "api", "billing", "web", "cron"]],
])("the keys %s filter the table", (keys, expected) => {
  expect(new Scene().keys(keys).names()).toEqual(expected);
});

test("text that is pasted into the filter counts as typed, and runs nothing elsewhere", () => {
  const scene = new Scene();
  scene.take({ kind: "input", input: { kind: "paste", text: "r\ry" }, atMs: nowMs });
  expect(scene.model.dialog).toBe(null);
  scene.keys("/").take({ kind: "input", input: { kind: "paste", text: "api\n" }, atMs: nowMs });
  expect(scene.names()).toEqual(["api"]);
});

test("restart and stop ask and name the service; start does not ask; no is the default", () => {
  const scene = new Scene().keys("j r");
  expect(scene.model.dialog).toEqual({ kind: "confirm", act: "restart", names: ["mailer"], isYes: false });
  expect(acts(scene.keys("enter").effects)).toEqual([]);
  expect(acts(scene.keys("r k").effects)).toEqual([]);
  expect(acts(scene.keys("y").effects)).toEqual([{ do: "act", act: "restart", names: ["mailer"] }]);
  expect(acts(scene.keys("s l enter").effects)).toEqual([{ do: "act", act: "stop", names: ["mailer"] }]);
  expect(acts(scene.keys("G s").effects)).toEqual([{ do: "act", act: "start", names: ["cron"] }]);
  expect(acts(scene.keys("r n").effects)).toEqual([]);
});

test("marked services are acted on together, and the question does not follow the selection", () => {
  const scene = new Scene().keys("space space r");
  scene.take({ kind: "services", event: { kind: "gone", atMs: nowMs, name: "imgproxy" } });
  expect(acts(scene.keys("y").effects)).toEqual([{ do: "act", act: "restart", names: ["worker", "mailer"] }]);
  expect(scene.model.marked.size).toBe(0);
});

test("with --read-only no key and no menu starts, stops or restarts a service", () => {
  const scene = new Scene(usual, { isReadOnly: true });
  for (const keys of ["r", "s", "G s", "x r e s t a r t enter", "x s t a r t enter"]) {
    expect(acts(scene.keys(keys).effects)).toEqual([]);
    expect(scene.model.said?.text).toContain("--read-only");
    scene.keys("escape");
  }
});

test("the menu finds actions by words, and runs the chosen one", () => {
  const scene = new Scene().keys("x r e s enter");
  expect(scene.model.dialog).toEqual({ kind: "confirm", act: "restart", names: ["worker"], isYes: false });
});

test("q ends monit from the top and goes back from below; no key of the vim row stops a service", () => {
  const scene = new Scene();
  expect(scene.keys("q").effects).toEqual([{ do: "quit" }]);
  expect(scene.keys("l q").effects).toEqual([]);
  expect(scene.model.view).toBe("main");
  scene.keys("enter");
  expect(scene.model.isMaximised).toBe(true);
  expect(scene.keys("q").effects).toEqual([]);
  for (const key of ["h", "j", "k", "l", "d", "delete"]) expect(acts(scene.keys(key).effects)).toEqual([]);
});

test("a click selects the row under it, a click on a title sorts, and the wheel moves the selection", () => {
  const scene = new Scene();
  const mouse = (what: "press" | "wheel-down", x: number, y: number) =>
    scene.take({ kind: "input", input: { kind: "mouse", what, x, y }, atMs: nowMs });
  const y = scene.lines().findIndex((line) => line.includes("● api"));
  mouse("press", 10, y);
  expect(scene.model.selected).toBe("api");
  mouse("press", scene.lines()[2]?.indexOf("CPU%") ?? 0, 2);
  expect(scene.model.sort).toEqual({ key: "cpu", isReversed: false });
  expect(scene.model.selected).toBe("api");
  mouse("wheel-down", 10, y);
  expect(scene.model.selected).toBe("billing");
  scene.keys("T");
  mouse("press", 10, y);
  expect(scene.model.selected).toBe("billing");
});

test("samples of a service that is selected become points of its charts, and no others do", () => {
  const scene = furnish(new Scene());
  const points = scene.model.chart.points.length;
  const figures = { cpuPercent: 5, cpuTimeMs: 1, memoryBytes: 1, memorySource: "cgroup" as const, tasks: 1, requests: null, uptimeMs: 1 };
  const sample = { kind: "sample" as const, atMs: nowMs + 1000, figures: [{ name: "api", ...figures }], host: null };
  scene.take({ kind: "services", event: sample });
  expect(scene.model.chart.points.length).toBe(points);
  scene.take({ kind: "services", event: { ...sample, figures: [{ name: "worker", ...figures }] } });
  expect(scene.model.chart.points.at(-1)).toMatchObject({ atMs: nowMs + 1000, cpuPercent: 5 });
});

test("z silences and a acknowledges the alerts of the service; silenced and pending alerts are not shown", () => {
  const scene = new Scene();
  const alerts = [alert("worker"), alert("api", { isSilenced: true }), alert("web", { state: "pending", id: "", firedMs: null })];
  scene.take({ kind: "services", event: { kind: "alert", atMs: nowMs, alerts } });
  expect(scene.lines()[0]).toContain("1 alert ");
  expect(scene.lines()[1]).toContain("! alert for 2m: worker: cpu 97 %, above 90 % for 10 s");
  expect(scene.keys("a").effects).toEqual([{ do: "acknowledge", ids: ["id-of-worker"] }]);
  expect(scene.keys("z j enter").effects).toEqual([{ do: "silence", names: ["worker"], lastsMs: 14_400_000 }]);
  expect(scene.keys("z 4").effects).toEqual([{ do: "silence", names: ["worker"], lastsMs: null }]);
  expect(scene.keys("z escape").effects).toEqual([]);
  expect(scene.keys("j a").effects).toEqual([]);
  expect(scene.model.said?.text).toContain("no alert of it fires");
});
