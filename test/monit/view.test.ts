// What the dashboard shows at each size and in each view, compared with stored pictures of text.
import { expect, test } from "bun:test";
import pico from "picocolors";
import { frameDifference } from "../../src/monit/screen/diff.ts";
import { Grid } from "../../src/monit/screen/grid.ts";
import type { MonitDeps } from "../../src/monit/sources.ts";
import { stillLines, stillModel } from "../../src/monit/still.ts";
import { view } from "../../src/monit/view/view.ts";
import { alert, furnish, limited, nowMs, Scene, service, snapshotOf, usual } from "./scene.ts";

const sized = (columns: number, rows: number, options = {}) => furnish(new Scene(usual, { size: { columns, rows }, ...options }));

test.each<[number, number]>([
  [40, 10],
  [40, 12],
  [60, 20],
  [80, 24],
  [84, 50],
  [100, 30],
  [160, 50],
  [300, 80],
])("the screen of %ix%i shows what fits", (columns, rows) => sized(columns, rows).isPicture(`${columns}x${rows}`));

test("a terminal that is smaller than 40x10 is told what is needed and what it has", () => {
  expect(sized(39, 24).lines()[0]).toBe("needs 40x10, has 39x24");
  expect(sized(80, 9).lines()[0]).toBe("needs 40x10, has 80x9");
  expect(() => sized(1, 1).lines()).not.toThrow();
});

test("without UTF-8 the screen is ASCII alone; the console of Linux gets block elements", () => {
  const ascii = sized(80, 24, { charset: "ascii" });
  expect(ascii.lines().join("")).toMatch(/^[\x20-\x7e]*$/);
  ascii.isPicture("ascii");
  sized(80, 24, { charset: "blocks" }).isPicture("blocks");
});

test("the question, the menu, the help, the reason and the log have their pictures", () => {
  sized(80, 24).keys("r").isPicture("confirm");
  sized(80, 24).keys("space space r").isPicture("confirm-marked");
  sized(80, 24, { isReadOnly: true }).keys("x").isPicture("menu");
  sized(80, 30).keys("?").isPicture("help");
  sized(80, 24).keys("w").isPicture("why");
  sized(80, 24).keys("l / r e d i s enter").isPicture("log");
  sized(80, 24).keys("enter").isPicture("detail");
  sized(80, 24).keys("/ w").isPicture("filter");
});

test("an alert that fires has the banner, with its keys where it is selected", () => {
  const scene = sized(160, 24).take({ kind: "services", event: { kind: "alert", atMs: nowMs, alerts: [alert("worker"), alert("api")] } });
  scene.keys("z").isPicture("alerts");
});

test("requests have their columns as soon as one service reports them", () => {
  const requests = { perSecond: 124.3, errorPercent: 2.5, p50Ms: 1.2, p95Ms: 48 };
  furnish(new Scene([service("api", { requests }), service("web")], { size: { columns: 120, rows: 24 } })).isPicture("requests");
});

test("a stored moment shows its time and its width, and no figure that is not stored", () => {
  const scene = sized(80, 24).keys("[");
  const { wantedMs } = scene.model.travel;
  const past = usual.map(({ status, ...rest }) => ({ ...rest, unwell: null, status: { ...status, uptimeMs: null, reason: null } }));
  const moment = { atMs: wantedMs ?? 0, widthMs: 5000, services: past, host: null, alerts: [] };
  furnish(scene.take({ kind: "moment", askedMs: moment.atMs, direction: -1, moment })).isPicture("moment");
});

test("on a narrow screen the time of a stored moment stays, and the detail on the full screen has its charts", () => {
  const scene = sized(40, 14).keys("[");
  const moment = { atMs: scene.model.travel.wantedMs ?? 0, widthMs: 5000, services: usual, host: null, alerts: [alert("api")] };
  scene.take({ kind: "moment", askedMs: moment.atMs, direction: -1, moment });
  expect(scene.lines()[0]).toMatch(/^ bs9 .*at 12:04:\d\d for 5s$/);
  expect(furnish(sized(40, 14).keys("enter")).lines().join("\n")).toMatch(/cpu [\s\S]*[\u2800-\u28ff]/);
});

test("an empty table says why it is empty and what to do", () => {
  expect(new Scene([]).lines().join("\n")).toContain("No services yet. Start one: bs9 start app.ts");
  expect(new Scene().keys("/ n o t h i n g").lines().join("\n")).toContain('no service matches "nothing": Esc clears the filter');
  expect(new Scene([service("web")]).keys("F").lines().join("\n")).toContain("every service is well: F shows all services");
});

const widest = `a${"b".repeat(55)}-worker`;
const hostile = [
  "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m\x1b[?1049l",
  "\r\x08\x7f\x9b31m\u202eright to left\u2066",
  `wide 漢字 and 👨‍👩‍👧‍👦 and e\u0301 and ${"z\u0300".repeat(3)}${"\u0301".repeat(500)}`,
  "\u0301\u200b\u200d",
  "x".repeat(1_000_000),
  "漢".repeat(100_000),
];

test("the widest name, escape sequences, wide and combining characters and lines of a megabyte leave the picture in its cells", () => {
  for (const size of [
    { columns: 40, rows: 12 },
    { columns: 80, rows: 24 },
    { columns: 160, rows: 50 },
  ]) {
    const bad = service(
      widest,
      { state: "failed", health: "unhealthy", reason: hostile.join(" "), limits: limited(1) },
      { end: hostile[0] ?? "" },
    );
    const scene = new Scene([bad], { size });
    const lines = hostile.map((text) => ({ atMs: nowMs, level: "error" as const, text, isFromBs9: false }));
    scene.take({ kind: "log", name: widest, lines, isRead: true, trouble: hostile[0] ?? "" });
    scene.take({ kind: "past", name: widest, list: [{ atMs: nowMs, text: hostile.join("\n") }] });
    scene.take({ kind: "said", text: hostile.join(), isError: true });
    for (const keys of ["up", "w", "escape", "l", "W", "t", "right", "q", "enter", "escape", "r"]) {
      scene.keys(keys);
      const grid = view(scene.model);
      for (const line of grid.lines()) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(size.columns);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      expect(grid.text.join("")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    }
  }
});

test("the end of a long name is shown, because it often tells services apart", () => {
  const lines = new Scene([service(widest)], { size: { columns: 80, rows: 24 } }).lines();
  expect(lines.join("\n")).toMatch(/abbb+…b*-worker/);
});

test("a frame writes only the cells that changed, and nothing where nothing changed", () => {
  const before = new Scene();
  const drawn = view(before.model);
  expect(frameDifference(drawn, view(before.model), String)).toBe("");
  const [figure] = usual.map((one) => (one.status.name === "api" ? service("api", { ...one.status, cpuPercent: 12.6 }) : one));
  before.take({ kind: "services", event: { kind: "change", atMs: nowMs, observed: figure ?? service("api"), passed: [] } });
  const bytes = frameDifference(drawn, view(before.model), String);
  expect(bytes).toEndWith("6");
  expect(bytes.length).toBeLessThan(12);
});

test("half of a wide character that is overwritten becomes a blank, and a cut leaves no half", () => {
  const grid = new Grid(6, 1);
  grid.put(0, 0, "漢字漢");
  grid.put(1, 0, "x");
  expect(grid.lines()).toEqual([" x字漢"]);
  const cut = new Grid(4, 1);
  cut.put(0, 0, "a漢字");
  expect(cut.lines()).toEqual(["a漢…"]);
  const odd = new Grid(3, 1);
  odd.put(0, 0, "漢字");
  expect(odd.lines()).toEqual(["漢…"]);
});

test.each(["ascii", "braille"] as const)("a picture for a script is as high as all services need, also with %s", async (charset) => {
  const services = Array.from({ length: 60 }, (_, i) => service(`s${i}`));
  const deps = {
    signal: new AbortController().signal,
    registry: { names: () => [] },
    backend: { async *logs() {} },
    storage: { series: async () => [], newest: async () => null },
    trail: { records: () => [] },
    alertHistory: () => [],
    model: { now: async () => snapshotOf(services) },
    now: () => nowMs,
  } as unknown as MonitDeps;
  const model = await stillModel({ ...new Scene([], { charset }).model, isStill: true }, deps, { atMs: null, isWhole: true });
  const text = model === null ? "" : stillLines(model, { style: pico.createColors(false) }).join("\n");
  for (const { status } of services) expect(text).toContain(` ${status.name} `);
  expect(model?.size.rows).toBeLessThan(190);
});
