// What bs9 alert refuses, and what its list says of rules without an effect.
import { expect, test } from "bun:test";
import { writeAlerts } from "../../src/alerting/config/file.ts";
import { alertEdits } from "../../src/commands/alert-edits.ts";
import { listedAlerts } from "../../src/commands/alert-views.ts";
import { tempDir } from "../harness.ts";

test("--for with a rule that is turned off is refused", () => {
  expect(() => alertEdits({ cpu: "off", for: "10s" }, undefined)).toThrow("--for cannot be used with off");
  expect(alertEdits({ cpu: "off", memory: "90", for: "10s" }, undefined).for).toBe("10s");
});

test("rules of a service that does not exist, or of the host, are warned of", () => {
  const folder = tempDir();
  writeAlerts(folder, { services: { web: { cpu: "off" }, gone: { cpu: "off" }, "bs9-host": {} } });
  const { hints } = listedAlerts({ paths: { config: folder, state: folder }, service: null, services: ["web"], nowMs: 0 });
  expect(hints).toEqual([
    "services.gone has no effect yet: there is no service with this name",
    "services.bs9-host has no effect: the rules on the host are hostMemory and hostDisk below rules, and custom rules",
  ]);
});
