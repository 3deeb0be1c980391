// An alerts.json that other users can read.
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { alertsFile, writeAlerts } from "../../src/alerting/config/file.ts";
import { AlertsInForce } from "../../src/alerting/config/in-force.ts";
import { tempDir } from "../harness.ts";

test("a file with secrets that others can read is told of", () => {
  const folder = tempDir();
  const inForce = new AlertsInForce({ config: folder, state: folder });
  const noticesFor = (file: Parameters<typeof writeAlerts>[1], mode: number) => {
    writeAlerts(folder, file);
    chmodSync(alertsFile(folder), mode);
    inForce.refresh();
    return inForce.notices();
  };
  const secret = { channels: { webhooks: [{ url: "https://hooks.example.com/a" }] } };
  expect(noticesFor(secret, 0o644)).toEqual([expect.stringContaining("which holds secrets: chmod 600")]);
  expect(noticesFor({ rules: { cpu: "off" } }, 0o644)).toEqual([]);
  expect(noticesFor(secret, 0o600)).toEqual([]);
});
