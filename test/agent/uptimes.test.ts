// The uptimes of many services, which must not keep the loop of the agent waiting.
import { expect, test } from "bun:test";
import { Uptimes } from "../../src/agent/act/uptimes.ts";
import { rulesOfService } from "../../src/alerting/rules/rules.ts";
import { until } from "../harness.ts";

test("the uptimes of 300 services are computed in pieces, between which the agent does other work", async () => {
  let asked = 0;
  const watches = async () => {
    const beganMs = performance.now();
    while (performance.now() - beganMs < 1);
    asked++;
    return [];
  };
  const said: string[] = [];
  const uptimes = new Uptimes({ watches }, (sentence) => said.push(sentence));
  const config = {
    enabled: true,
    cooldownSeconds: 0,
    services: {},
    custom: [],
    certificates: [],
    patterns: [],
    channels: { webhooks: [] },
  };
  const rules = rulesOfService({ ...config, rules: { uptime: { value: 99 } } }, "web");
  const names = Array.from({ length: 300 }, (_, i) => `service-${i}`);
  uptimes.look(names, () => rules, Date.now());
  const seen = new Set<number>();
  const other = setInterval(() => seen.add(asked), 1);
  await until(() => asked === names.length, { what: "all are computed" });
  clearInterval(other);
  expect(seen.size).toBeGreaterThan(10);
  await uptimes.close();
  expect(said).toEqual([]);
});
