// The files of the alerts hold secrets and what services have written: only their user can read them, whatever the umask is.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alertsFile, writeAlerts } from "../../src/alerting/config/file.ts";
import { AlertsInForce } from "../../src/alerting/config/in-force.ts";
import { Alerts } from "../../src/alerting/evaluation/alerts.ts";
import { Restarts } from "../../src/alerting/evaluation/restarts.ts";
import { writeQuiet } from "../../src/alerting/evaluation/silences.ts";
import { Deliveries, spoolFile } from "../../src/alerting/spool/deliver.ts";
import { Teller } from "../../src/alerting/spool/tell.ts";
import { changeAlerts } from "../../src/lifecycle/alert.ts";
import { Registry } from "../../src/service/registry.ts";
import { freePort, tempDir } from "../harness.ts";
import { eventNamed } from "./messages.ts";

let before = 0;
beforeAll(() => {
  before = process.umask(0);
});
afterAll(() => {
  process.umask(before);
});

test("every file of the alerts has mode 0600, and every directory 0700", async () => {
  const home = tempDir();
  const paths = { config: join(home, "config"), state: join(home, "state") };
  const url = `http://127.0.0.1:${freePort()}/secret`;
  writeAlerts(paths.config, { channels: { webhooks: [{ url }] } });
  const inForce = new AlertsInForce(paths);
  inForce.refresh();
  writeQuiet(paths.state, { silences: [], acks: [] }, 0);
  const run = () => Promise.reject(new Error("there is no command"));
  const deliveries = new Deliveries({ file: spoolFile(paths.state), channels: inForce.config.channels, home, now: Date.now, run });
  const clock = { nowMs: 0, atMs: Date.now() };
  const [alerts, restarts] = [new Alerts(null, clock), new Restarts(null, clock)];
  new Teller({ alerts, restarts, state: paths.state, host: "vps-1", put: (message) => deliveries.put(message) }).tell(
    [[eventNamed("one")]],
    clock,
  );
  new Teller({ alerts, restarts, state: paths.state, host: "vps-1", put: () => [] }).save(clock);
  const found = readdirSync(home, { recursive: true, encoding: "utf8" }).sort();
  const modes = found.map((name) => [name, statSync(join(home, name)).mode & 0o777]);
  await deliveries.close();
  const folders = ["config", "state", "state/alerts"];
  expect(found).toEqual(
    [
      ...folders,
      "config/alerts.json",
      ...["history.jsonl", "last-good.json", "silences.json", "spool.db", "spool.db-shm", "spool.db-wal", "state.json"].map(
        (name) => `state/alerts/${name}`,
      ),
    ].sort(),
  );
  expect(modes).toEqual(found.map((name) => [name, folders.includes(name) ? 0o700 : 0o600]));
});

test("a secret that is removed is not kept in the copy for an agent that begins while the file has mistakes", async () => {
  const home = tempDir();
  const paths = { config: join(home, "config"), state: join(home, "state") };
  const copy = join(paths.state, "alerts", "last-good.json");
  writeAlerts(paths.config, { channels: { webhooks: [{ url: "https://hooks.example.com/secret" }] } });
  new AlertsInForce(paths).refresh();
  expect(readFileSync(copy, "utf8")).toContain("secret");
  const trail = { append: async () => {}, last: () => null, newestFirst: function* () {} };
  const deps = { registry: new Registry(paths), trail, warn: () => {}, progress: () => {}, now: Date.now, paths, user: "me" };
  await changeAlerts({ thresholds: {}, webhook: "off" }, deps);
  expect(readFileSync(copy, "utf8")).not.toContain("secret");
  const inForce = new AlertsInForce(paths);
  inForce.refresh();
  writeFileSync(alertsFile(paths.config), "{");
  inForce.refresh();
  expect(existsSync(copy)).toBe(true);
  rmSync(alertsFile(paths.config));
  inForce.refresh();
  expect(existsSync(copy)).toBe(false);
});
