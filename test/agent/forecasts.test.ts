// Predictions are used for the run of the service that they were made for, and only while they are fresh.
import { expect, test } from "bun:test";
import { Forecasts } from "../../src/agent/act/forecasts.ts";
import { rulesOfService } from "../../src/alerting/rules/rules.ts";
import type { Point } from "../../src/storage/storage.ts";
import { until } from "../harness.ts";

const config = {
  enabled: true,
  cooldownSeconds: 0,
  services: {},
  custom: [],
  certificates: [],
  patterns: [],
  channels: { webhooks: [] },
  rules: { memoryFull: { value: 1_800_000 } },
};

test("a prediction is not used for a later run of the service, nor after later predictions have failed for minutes", async () => {
  const atMs = Date.UTC(2026, 0, 5, 12);
  let isBroken = false;
  const series = async (): Promise<Point[]> => {
    if (isBroken) throw new Error("the disk is broken");
    return Array.from({ length: 240 }, (_, i) => ({
      atMs: atMs - (240 - i) * 15_000,
      samples: 1,
      state: "active",
      memoryBytes: 100e6 + i * 1e6,
    }));
  };
  const said: string[] = [];
  const forecasts = new Forecasts({ series }, (sentence) => said.push(sentence));
  const subjects = () => [{ name: "web", rules: rulesOfService(config, "web"), memoryLimitBytes: 400e6, run: "1:1" }];
  forecasts.look(subjects, { uptimeMs: 0, atMs });
  await until(() => forecasts.of("web", "1:1", 0).memoryFullMs !== null, { what: "the memory of web is predicted" });
  expect(forecasts.of("web", "1:1", 60_000).memoryFullMs).toBeWithin(60_000, 1_800_000);
  expect(forecasts.of("web", "2:2", 60_000).memoryFullMs).toBe(Number.POSITIVE_INFINITY);
  isBroken = true;
  forecasts.look(subjects, { uptimeMs: 60_000, atMs: atMs + 60_000 });
  await until(() => said.length === 1, { what: "the prediction fails" });
  expect(forecasts.of("web", "1:1", 60_000).memoryFullMs).toBeWithin(60_000, 1_800_000);
  expect(forecasts.of("web", "1:1", 400_000).memoryFullMs).toBeNull();
  await forecasts.close();
});
