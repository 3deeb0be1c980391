// What the page says of services and charts: it claims only what it knows.
import { expect, test } from "bun:test";
import type { Observed } from "../../src/status/schema.ts";
import { LiveServices } from "../../src/web/page/base/live.ts";
import { tableOfPoints } from "../../src/web/page/chart/series.ts";
import { lastOf } from "../../src/web/page/chart/values.ts";
import { calmOf } from "../../src/web/page/overview/ordering.ts";
import { statusNamed } from "../web/scene.ts";

function observed(state: Observed["status"]["state"]): Observed {
  const status = { ...statusNamed("web"), state };
  return { status, wanted: state !== "inactive", end: null, nextStartMs: null, outcome: null, unwell: null, served: null };
}

test("services are well only if each one that is not stopped is well", () => {
  const told = (...states: Parameters<typeof observed>[0][]) => calmOf(states.map(observed));
  expect(told("active", "active", "inactive")).toEqual({ tone: "good", text: "All 2 services that should run are well." });
  expect(told("active")).toEqual({ tone: "good", text: "The service is well." });
  expect(told("inactive")).toEqual({ tone: "plain", text: "No service runs." });
  expect(told("active", "active", "activating", "unknown")).toEqual({
    tone: "plain",
    text: "2 services are well, 1 service is starting or stopping, the state of 1 service is unknown.",
  });
  expect(told("unknown", "unknown")).toEqual({ tone: "plain", text: "The state of 2 services is unknown." });
});

test("the figures of the host are unknown once they are no longer measured", () => {
  const live = new LiveServices();
  const sample = (host: Record<string, number> | null) => live.apply({ kind: "sample", atMs: 1, figures: [], host });
  const snapshot = { atMs: 1, services: [], added: [], notices: [], warnings: [], alerts: null, host: null };
  sample({ cores: 8 });
  expect(live.host).toEqual({ cores: 8 });
  sample(null);
  expect(live.host).toBeNull();
  sample({ cores: 8 });
  live.apply({ kind: "snapshot", snapshot });
  expect(live.host).toBeNull();
});

test("the last value of a live chart is unknown once it is old", () => {
  const plot = {
    id: "cpu",
    title: "CPU",
    unit: "percent" as const,
    lines: [{ title: "used", tone: 1 as const, of: ({ cpuPercent }: { cpuPercent?: number | null }) => cpuPercent }],
    missing: "",
  };
  const points = [0, 5000, 10_000].map((atMs) => ({
    at: new Date(atMs).toISOString(),
    samples: 1,
    elapsedMs: 5000,
    cpuPercent: atMs / 1000,
  }));
  const table = tableOfPoints(plot, points, 5000);
  expect(lastOf(table, 0, 20_000)).toBe(10);
  expect(lastOf(table, 0, 22_000)).toBeNull();
  // A chart of the past shows the last value that it has.
  expect(lastOf(table, 0, null)).toBe(10);
  expect(lastOf(tableOfPoints(plot, [], 5000), 0, null)).toBeNull();
});
