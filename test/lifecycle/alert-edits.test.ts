// A mistake in a value of `bs9 alert` names the option that it was given with.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { AlertEdits } from "../../src/alerting/config/edit.ts";
import { type AlertDeps, changeAlerts } from "../../src/lifecycle/alert.ts";
import { Registry } from "../../src/service/registry.ts";
import { tempDir } from "../harness.ts";

test.each<[AlertEdits, string]>([
  [{ thresholds: { errorRate: 150 } }, "--error-rate must be at most 100 (got 150)"],
  [{ thresholds: { cpu: 0 }, service: "web" }, "--cpu must be above 0 (got 0)"],
  [{ thresholds: { memory: 101 } }, "--memory must be at most 100 (got 101)"],
  [{ thresholds: { cpu: 90 }, for: "32d" }, '--for must be at most 31d (got "32d")'],
  [{ thresholds: {}, cooldownSeconds: 1e9 }, "--cooldown must be at most 2678400 (got 1000000000)"],
  [{ thresholds: {}, webhook: "ftp://h" }, "--webhook must be a URL that begins with http:// or https://"],
  [{ thresholds: {}, heartbeat: "beat" }, "--heartbeat must be a URL that begins with http:// or https://"],
  [{ thresholds: {}, mail: "nobody" }, "--mail must be a mail address"],
])("%j", async (edits, words) => {
  const home = tempDir();
  const paths = { config: join(home, "config"), state: join(home, "state") };
  const deps: AlertDeps = {
    paths,
    registry: new Registry(paths),
    trail: { append: async () => {}, last: () => null, newestFirst: function* () {} },
    user: "ops",
    warn: () => {},
    progress: () => {},
    now: Date.now,
  };
  await expect(changeAlerts(edits, deps)).rejects.toThrow(`cannot change alerts.json: ${words}`);
  expect(await Bun.file(join(paths.config, "alerts.json")).exists()).toBe(false);
});
