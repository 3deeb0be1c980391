// Each rule, with values in and conditions out.
import { describe, expect, test } from "bun:test";
import type { AlertFile } from "../../src/alerting/config/config.ts";
import { parseAlerts } from "../../src/alerting/config/file.ts";
import { Alerts } from "../../src/alerting/evaluation/alerts.ts";
import { observationsOf, observationsOfHost } from "../../src/alerting/evaluation/observation.ts";
import { Restarts } from "../../src/alerting/evaluation/restarts.ts";
import type { ServiceFacts } from "../../src/alerting/rules/facts.ts";
import { rulesOfHost, rulesOfService } from "../../src/alerting/rules/rules.ts";
import { longestEstimateMs } from "../../src/alerting/rules/table.ts";
import { bounds } from "../../src/injectors/preload/series.ts";

const quiet: ServiceFacts = {
  name: "web",
  state: "active",
  health: "healthy",
  healthReason: null,
  isChecked: true,
  end: null,
  endedRun: null,
  isOutOfMemory: false,
  changedMs: null,
  restartsMs: [],
  memoryLimitBytes: null,
  cpuLimitPercent: null,
  uptimePercent: null,
  figures: {},
};
const host = { figures: { memoryTotalBytes: 1000 } };
const nowMs = 1_000_000;

function configOf(file: AlertFile) {
  const { config, mistakes } = parseAlerts(JSON.stringify(file));
  if (config === null) throw new Error(JSON.stringify(mistakes));
  return config;
}

/** The condition of one rule; `none` where the rule is not evaluated. */
function conditionOf(rule: string, file: AlertFile, facts: Partial<ServiceFacts>): string {
  const all = observationsOf({ ...quiet, ...facts }, rulesOfService(configOf(file), "web"), host, nowMs);
  return all.find((one) => one.rule === rule)?.condition ?? "none";
}

const cpu = { rules: { cpu: { value: 90 } } };
const percent = { rules: { memory: { value: 80 } } };
const bytes = { rules: { memory: { value: "1K" } } };
const uptime = { rules: { uptime: { value: 99 } } };
const restarts = { rules: { restarts: { value: 3, within: "10m" } } };
const ago = (...seconds: number[]) => seconds.map((one) => nowMs - one * 1000);

test("a p95 that is too long to be estimated is told as the last bound of the histogram, or more", () => {
  expect(longestEstimateMs).toBe((bounds.at(-1) ?? 0) * 1000);
  const facts = { ...quiet, figures: { requestP95Ms: null, requests: 3 } };
  const all = observationsOf(facts, rulesOfService(configOf({ rules: { p95Ms: { value: 200 } } }), "web"), host, nowMs);
  expect(all.find(({ rule }) => rule === "p95Ms")?.sentence()).toContain("the p95 latency of web is 10.0 s or more");
});

describe("a rule compares its figure with its threshold", () => {
  test.each<[string, AlertFile, Partial<ServiceFacts>, string]>([
    ["cpu", cpu, { figures: { cpuPercent: 90 } }, "breached"],
    ["cpu", cpu, { figures: { cpuPercent: 89.9 } }, "between"],
    ["cpu", cpu, { figures: { cpuPercent: 85.5 } }, "clear"],
    ["cpu", cpu, { figures: { cpuPercent: null } }, "unknown"],
    ["cpu", cpu, { figures: {} }, "unknown"],
    ["cpu", cpu, { figures: { cpuPercent: Number.NaN } }, "unknown"],
    ["cpu", cpu, { figures: { cpuPercent: "95" } }, "unknown"],
    ["cpu", cpu, { figures: null }, "none"],
    ["cpu", cpu, { cpuLimitPercent: 50, figures: { cpuPercent: 46 } }, "breached"],
    ["cpu", cpu, { cpuLimitPercent: 200, figures: { cpuPercent: 100 } }, "clear"],
    ["cpu", cpu, { state: "inactive", figures: { cpuPercent: 95 } }, "clear"],
    ["cpu", cpu, { state: "failed", figures: { cpuPercent: null } }, "clear"],
    ["cpu", cpu, { state: "activating", figures: { cpuPercent: 95 } }, "unknown"],
    ["memory", percent, { figures: { memoryBytes: 800 } }, "breached"],
    ["memory", percent, { figures: { memoryBytes: 700 } }, "clear"],
    ["memory", percent, { memoryLimitBytes: 900, figures: { memoryBytes: 730 } }, "breached"],
    ["memory", percent, { memoryLimitBytes: 0, figures: { memoryBytes: 730 } }, "unknown"],
    ["memory", bytes, { figures: { memoryBytes: 1024 } }, "breached"],
    ["memory", bytes, { memoryLimitBytes: 10, figures: { memoryBytes: 900 } }, "clear"],
    ["errorRate", { rules: { errorRate: { value: 5 } } }, { figures: { requests: 50, requestErrors: 3 } }, "breached"],
    ["errorRate", { rules: { errorRate: { value: 5 } } }, { figures: { requests: 0, requestErrors: 0 } }, "unknown"],
    ["p95Ms", { rules: { p95Ms: { value: 200 } } }, { figures: { requestP95Ms: 201 } }, "breached"],
    ["p95Ms", { rules: { p95Ms: { value: 200 } } }, { figures: { requestP95Ms: null, requests: 3 } }, "breached"],
    ["p95Ms", { rules: { p95Ms: { value: 200 } } }, { figures: { requestP95Ms: null, requests: 0 } }, "unknown"],
    ["uptime", uptime, { uptimePercent: 98.9 }, "breached"],
    ["uptime", uptime, { uptimePercent: 98.9, state: "failed" }, "breached"],
    ["uptime", uptime, { uptimePercent: 98.9, state: "activating" }, "breached"],
    ["uptime", uptime, { uptimePercent: 99 }, "between"],
    ["uptime", uptime, { uptimePercent: 99.5 }, "clear"],
    ["uptime", uptime, { uptimePercent: null }, "unknown"],
    ["uptime", { rules: { uptime: { value: 100 } } }, { uptimePercent: 100 }, "clear"],
    ["restarts", restarts, { restartsMs: ago(1, 2, 599) }, "breached"],
    ["restarts", restarts, { restartsMs: ago(1, 2, 601) }, "clear"],
    ["restarts", restarts, { restartsMs: ago(1, 2, 3), figures: null }, "breached"],
    ["restarts", restarts, { restartsMs: ago(1, 2, 3), state: "inactive" }, "clear"],
    ["failed", {}, { state: "failed" }, "breached"],
    ["failed", {}, { state: "active" }, "clear"],
    ["failed", {}, { state: "inactive" }, "clear"],
    ["failed", {}, { state: "activating" }, "unknown"],
    ["failed", {}, { state: "deactivating" }, "unknown"],
    ["failed", { rules: { failed: "off" } }, { state: "failed" }, "none"],
    ["oom", {}, { isOutOfMemory: true }, "breached"],
    ["oom", {}, { isOutOfMemory: false }, "clear"],
    ["oom", {}, { state: "activating" }, "unknown"],
    ["crashLoop", {}, { restartsMs: ago(1, 20, 59) }, "breached"],
    ["crashLoop", {}, { restartsMs: ago(1, 20, 61) }, "between"],
    ["crashLoop", {}, { restartsMs: ago(61, 62, 63) }, "clear"],
    ["crashLoop", {}, { restartsMs: ago(61, 62, 63), state: "activating" }, "between"],
    ["crashLoop", {}, { restartsMs: ago(1, 2, 3), state: "inactive" }, "clear"],
    ["health", {}, { health: "unhealthy" }, "breached"],
    ["health", {}, { health: "healthy" }, "clear"],
    ["health", {}, { health: "unknown" }, "unknown"],
    ["health", {}, { health: "unknown", isChecked: false }, "clear"],
    ["health", {}, { health: "unhealthy", isChecked: false }, "breached"],
    ["health", {}, { health: "unknown", state: "failed" }, "unknown"],
    ["health", {}, { health: "unknown", state: "inactive" }, "clear"],
    [
      "custom.files",
      { custom: [{ name: "files", series: "openFiles", op: ">", value: 100 }] },
      { figures: { openFiles: 101 } },
      "breached",
    ],
    ["custom.files", { custom: [{ name: "files", series: "openFiles", op: ">", value: 100 }] }, { figures: { openFiles: 100 } }, "between"],
    ["custom.files", { custom: [{ name: "files", series: "openFiles", op: "<", value: 100 }] }, { figures: { openFiles: 99 } }, "breached"],
    ["custom.files", { custom: [{ name: "files", series: "openFiles", op: "<=", value: 0 }] }, { figures: { openFiles: 0 } }, "breached"],
    ["custom.files", { custom: [{ name: "files", series: "openFiles", op: "<=", value: 0 }] }, { figures: { openFiles: 1 } }, "clear"],
    [
      "custom.files",
      { custom: [{ name: "files", series: "openFiles", op: ">", value: 1, service: "api" }] },
      { figures: { openFiles: 9 } },
      "none",
    ],
  ])("%s with %j and %j is %s", (rule, file, facts, condition) => {
    expect(conditionOf(rule, file, facts)).toBe(condition);
  });
});

test("only a failure begins when the state was reported: health can be lost twice in one run", () => {
  const facts = { ...quiet, changedMs: 5, endedRun: "r1" };
  const all = observationsOf(facts, rulesOfService(configOf({}), "web"), host, nowMs);
  expect(all.map(({ rule, sinceMs }) => [rule, sinceMs])).toEqual([
    ["failed", 5],
    ["oom", null],
    ["crashLoop", null],
    ["health", null],
  ]);
});

test("the rules on the host use the memory and the fullest disk", () => {
  const rules = rulesOfHost(
    configOf({
      rules: { hostMemory: { value: 90 }, hostDisk: { value: 80 }, cpu: { value: 1 } },
      custom: [
        { name: "load", series: "load1", op: ">", value: 4, service: "bs9-host" },
        { name: "ofServices", series: "openFiles", op: ">", value: 4 },
      ],
    }),
  );
  const figures = { memoryPercent: 91, homeUsedPercent: 10, stateUsedPercent: 85, projectsUsedPercent: null, load1: 1 };
  expect(observationsOfHost({ figures }, rules).map(({ rule, condition, value }) => [rule, condition, value])).toEqual([
    ["hostMemory", "breached", 91],
    ["hostDisk", "breached", 85],
    ["custom.load", "clear", 1],
  ]);
  expect(observationsOfHost({ figures: null }, rules)).toEqual([]);
});

test("a sentence names the service, the value and the threshold, and cannot control a terminal", () => {
  const facts = { ...quiet, state: "failed" as const, end: `killed\u001b[2J\n${"x".repeat(1000)}`, figures: { cpuPercent: 97.25 } };
  const rules = rulesOfService(configOf(cpu), "web");
  const [failed, , , , usage] = observationsOf(facts, rules, host, nowMs);
  expect(failed?.sentence()).toStartWith("web failed: killed\\x1b[2J\\nxxx");
  expect(failed?.sentence().length).toBeLessThan(400);
  expect(usage?.sentence()).toBe("the CPU usage of web is 97.3 %; the threshold is 90 %");
});

test("restarts are counted from the counter of the backend, which may start again", () => {
  const clock = { nowMs: 0, atMs: 0 };
  const counted = new Restarts(null, clock);
  expect([counted.count("web", 7, 1), counted.count("web", null, 2), counted.count("web", 9, 3)]).toEqual([false, false, true]);
  expect(counted.of("web")).toEqual([3, 3]);
  expect([counted.count("web", 0, 4), counted.count("web", 1, 5)]).toEqual([false, true]);
  expect(counted.of("web")).toEqual([3, 3, 5]);
  counted.trim(1, 5);
  expect(counted.of("web")).toEqual([5]);
  counted.count("web", 1e9, 6);
  expect(counted.of("web")).toHaveLength(1000);
});

test("restarts are counted through a short gap without an agent, and not through a long one", () => {
  const saved = { nowMs: 1000, atMs: 1000 };
  const before = new Restarts(null, saved);
  before.count("web", 0, 500);
  before.count("web", 1, 600);
  const kept = { ...new Alerts(null, saved).kept(saved), version: 1 as const, restarts: before.kept(1000) };
  const after = (ms: number) => {
    const clock = { nowMs: 1000 + ms, atMs: 1000 + ms };
    const counted = new Restarts(kept, clock);
    counted.count("web", 5, clock.nowMs);
    counted.count("web", 6, clock.nowMs);
    return counted.of("web").length;
  };
  expect([after(2000), after(60_000)]).toEqual([6, 2]);
});
