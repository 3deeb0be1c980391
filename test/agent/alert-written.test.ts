// What the agent writes before it tells an alert, and when it tells nobody because there is no channel.
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlertChannels } from "../../src/agent/alert-channels.ts";
import { writeAlerts } from "../../src/alerting/config/file.ts";
import { readAlertHistory } from "../../src/alerting/spool/history.ts";
import { tempDir } from "../harness.ts";
import { begin, endStages, fail, sleep, stages, toldIn } from "./alert-stage.ts";

afterEach(endStages);

test("an agent that is killed after it wrote a message tells it again with the same id, also without a run", async () => {
  const custom = [{ name: "load", series: "load1", op: ">=" as const, value: 0, for: 0, service: "bs9-host" as const }];
  const { stage, turns } = await begin((one) => writeAlerts(one.home, { custom }));
  stage.up("web", sleep);
  let kept = "";
  stage.onPut = (message) => {
    stage.messages.push(message);
    kept = readFileSync(join(stage.home, "alerts", "state.json"), "utf8");
  };
  for (let i = 0; i < 5 && kept === ""; i++) {
    stage.pass(5000);
    await turns.turn();
  }
  const [first] = stage.messages.splice(0);
  await turns.close();
  await stage.storage.close();
  // What a killed agent leaves is what was on the disk when the message was written.
  writeFileSync(join(stage.home, "alerts", "state.json"), kept);
  stage.pass(1000);
  const again = await stage.turns();
  stages.splice(0, 1, [stage, again]);
  for (let i = 0; i < 5 && stage.messages.length === 0; i++) {
    stage.pass(5000);
    await again.turn();
  }
  expect(first?.events).toMatchObject([{ rule: "custom.load", kind: "firing" }]);
  expect(stage.messages.map(({ id }) => id)).toEqual([first?.id ?? ""]);
});

test("without a channel nothing counts as told, and a channel that is added later hears of what still fires", async () => {
  const { stage, turns } = await begin((one) => {
    one.canTell = false;
  });
  stage.up("web", sleep);
  fail(stage, "web", "run-1");
  for (let i = 0; i < 3; i++) {
    stage.pass(5000);
    await turns.turn();
  }
  expect([toldIn(stage), readAlertHistory(stage.home)]).toEqual([[], []]);
  stage.canTell = true;
  stage.pass(5000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing"]);
  expect(readAlertHistory(stage.home)).toMatchObject([{ subject: "web", kind: "firing" }]);
});

test("messages are taken only where there is a channel", async () => {
  const state = tempDir();
  const open = () => new AlertChannels({ state, home: state, now: Date.now, run: () => Promise.reject(new Error("no program")) });
  const config = { enabled: true, cooldownSeconds: 0, rules: {}, services: {}, custom: [] };
  const heartbeat = { url: "http://127.0.0.1:1/" };
  for (const [more, isTaken] of [
    [{ channels: { webhooks: [] } }, false],
    [{ channels: { webhooks: [] }, heartbeat }, false],
    [{ channels: { webhooks: [], journal: true } }, true],
  ] as const) {
    const channels = open();
    expect(channels.use({ ...config, ...more, channels: { ...more.channels, webhooks: [] } })).toBe(isTaken);
    await channels.close();
  }
});
