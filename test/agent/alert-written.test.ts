// What the agent writes before it tells an alert, and when it tells nobody because there is no channel.
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlertChannels } from "../../src/agent/alert-channels.ts";
import type { AlertFile } from "../../src/alerting/config/config.ts";
import { writeAlerts } from "../../src/alerting/config/file.ts";
import { AlertsInForce } from "../../src/alerting/config/in-force.ts";
import { readAlertHistory } from "../../src/alerting/spool/history.ts";
import { changeAlerts } from "../../src/lifecycle/alert.ts";
import { Registry } from "../../src/service/registry.ts";
import { messageNamed } from "../alerting/messages.ts";
import { freePort, tempDir } from "../harness.ts";
import { begin, endStages, fail, sleep, stages, toldIn } from "./alert-stage.ts";
import type { Stage } from "./stage.ts";

afterEach(endStages);

test.each<[string, AlertFile, string, (stage: Stage) => void]>([
  [
    "without a run",
    { custom: [{ name: "load", series: "load1", op: ">=", value: 0, for: 0, service: "bs9-host" }] },
    "custom.load",
    () => {},
  ],
  ["of a failure that has passed", {}, "failed", (stage) => stage.tell?.({ name: "web", state: "failed", atMs: stage.clock.nowMs })],
])("an agent that is killed after it wrote a message tells the event again with the same id: %s", async (_, file, rule, happen) => {
  const { stage, turns } = await begin((one) => writeAlerts(one.home, file));
  stage.up("web", sleep, { restart: { policy: "no", delayMs: 0, max: null } });
  let kept = "";
  stage.onPut = (message) => {
    stage.messages.push(message);
    if (kept === "") kept = readFileSync(join(stage.home, "alerts", "state.json"), "utf8");
  };
  await turns.turn();
  happen(stage);
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
  expect(first?.events).toMatchObject([{ rule, kind: "firing" }]);
  // The spool leaves out an event that it has seen before, by its id.
  expect(stage.messages.flatMap(({ events }) => events).filter(({ kind }) => kind === "firing")).toMatchObject([
    { id: first?.events[0]?.id },
  ]);
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

test("a failure that passes while the channels are being opened again is told afterwards", async () => {
  const { stage, turns } = await begin((one) => {
    writeAlerts(one.home, { channels: { webhooks: [{ url: "http://127.0.0.1:1/" }] } });
    one.canTell = false;
  });
  stage.up("web", sleep);
  fail(stage, "web", "run-1");
  await turns.turn();
  stage.up("web", sleep);
  stage.pass(5000);
  await turns.turn();
  expect([toldIn(stage), readAlertHistory(stage.home)]).toEqual([[], []]);
  stage.canTell = true;
  stage.pass(5000);
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web failed firing", "web failed resolved"]);
});

test("messages are taken only where there is a channel", async () => {
  const state = tempDir();
  const open = () => new AlertChannels({ state, home: state, now: Date.now, run: () => Promise.reject(new Error("no program")) });
  const config = { enabled: true, cooldownSeconds: 0, rules: {}, services: {}, custom: [], certificates: [], patterns: [] };
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

test("turning alerts off drops what waits, and how much is told by the command and by the agent", async () => {
  const home = tempDir();
  const paths = { config: home, state: home };
  const open = () => new AlertChannels({ state: home, home, now: Date.now, run: () => Promise.reject(new Error("no program")) });
  writeAlerts(home, { channels: { webhooks: [{ url: `http://127.0.0.1:${freePort()}/secret` }] } });
  const before = open();
  expect(before.use(new AlertsInForce(paths).config)).toBe(true);
  for (const id of ["a", "b"]) before.put(messageNamed(id));
  await before.close();
  const trail = { append: async () => {}, last: () => null, newestFirst: function* () {} };
  const deps = { registry: new Registry(paths), trail, warn: () => {}, progress: () => {}, now: Date.now, paths, user: "me" };
  const { lost } = await changeAlerts({ thresholds: {}, enabled: false }, deps);
  expect(lost).toEqual([{ name: expect.stringMatching(/^webhook http:\/\/127\.0\.0\.1:\d+\/…$/), waiting: 2 }]);
  const after = open();
  after.use(new AlertsInForce(paths).config);
  expect(after.notices().map(({ what }) => what)).toEqual([
    expect.stringMatching(/^2 messages for webhook .* were dropped, because the channel was removed or turned off$/),
  ]);
  await after.close();
  const again = await changeAlerts({ thresholds: {}, enabled: true }, deps);
  expect(again).toMatchObject({ lines: ["alerts: on"], lost: [] });
});
