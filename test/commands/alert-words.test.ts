// What bs9 alert refuses, and what its list says of rules without an effect.
import { expect, test } from "bun:test";
import { changesInWords } from "../../src/alerting/config/changes.ts";
import type { AlertFile } from "../../src/alerting/config/config.ts";
import { parseAlerts, writeAlerts } from "../../src/alerting/config/file.ts";
import type { AlertNow } from "../../src/alerting/evaluation/kept.ts";
import { alertCommand } from "../../src/commands/alert.ts";
import { alertEdits } from "../../src/commands/alert-edits.ts";
import { listedAlerts } from "../../src/commands/alert-views.ts";
import type { Context } from "../../src/context.ts";
import { alertLine, alertSummary, firingOn } from "../../src/render/alert-lines.ts";
import { Registry } from "../../src/service/registry.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

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

function run(options: Record<string, string | boolean>, words: string[] = []) {
  const home = tempDir();
  const registry = new Registry({ config: home, state: home });
  for (const name of ["web", "api-one", "api-two"]) registry.commit(specNamed(name, {}));
  const context = { paths: { config: home, state: home, home }, registry };
  // These forms end before they need anything else of the context.
  return alertCommand.run({ words, options, rest: [] }, context as unknown as Context);
}

test.each<[Record<string, string | boolean>, string]>([
  [{ service: "api-*" }, "--service takes the name of one service"],
  [{ service: "all", cpu: "90" }, "--service takes the name of one service"],
  [{ service: "nobody", cpu: "90" }, 'there is no service named "nobody"'],
  [{ service: "bs9-host", cpu: "90" }, "the rules on the host are not options"],
  [{ service: "web", test: true }, "--service cannot be used with --test"],
  [{ service: "web", schema: true }, "--service cannot be used with --schema"],
  [{ service: "web", ack: "abc" }, "--service cannot be used with --ack"],
  [{ service: "web", silence: "web" }, "--service cannot be used with --silence"],
  [{ service: "web", webhook: "http://127.0.0.1/" }, "--webhook holds for all services, so it cannot be used with --service"],
  [{ service: "web", mail: "a@b.c" }, "--mail holds for all services, so it cannot be used with --service"],
  [{ service: "web", heartbeat: "off" }, "--heartbeat holds for all services, so it cannot be used with --service"],
  [{ service: "web", cooldown: "60" }, "--cooldown holds for all services, so it cannot be used with --service"],
  [{ service: "web", enable: true }, "--enable holds for all services, so it cannot be used with --service"],
  [{ service: "web", disable: true }, "--disable holds for all services, so it cannot be used with --service"],
])("%j is refused", async (options, words) => {
  await expect(run(options)).rejects.toThrow(words);
});

test.each(["all", "api-*"])("--silence %s is refused, because it names several services", async (silence) => {
  await expect(run({ silence }, ["2h"])).rejects.toThrow("--silence takes the name of one service");
});

test("the list does not show the user and the password in the URL of a certificate", () => {
  const folder = tempDir();
  const certificates = [
    { name: "api", url: "https://SECRET1:SECRET2@api.example:8443/x" },
    { name: "www", url: "https://www.example" },
  ];
  writeAlerts(folder, { certificates });
  const { value } = listedAlerts({ paths: { config: folder, state: folder }, service: null, services: [], nowMs: 0 });
  expect(JSON.stringify(value)).not.toContain("SECRET");
  expect(value).toMatchObject({
    config: { certificates: [{ url: "https://***:***@api.example:8443/x" }, { name: "www", url: "https://www.example" }] },
  });
});

test("--service bs9-host shows the rules, the alerts and the history of the host only", async () => {
  for (const view of ["list", "history"]) expect(await run({ service: "bs9-host", [view]: true })).toMatchObject({ names: [] });
  const folder = tempDir();
  writeAlerts(folder, { rules: { cpu: { value: 90 }, hostMemory: { value: 80 }, hostDisk: { value: 95, for: "1m" } } });
  const listed = listedAlerts({ paths: { config: folder, state: folder }, service: "bs9-host", services: ["web"], nowMs: 0 });
  const text = listed.text(plainStyle);
  const lines = (Array.isArray(text) ? text : []).filter((line) => line.includes("from"));
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ["bs9-host", "hostMemory", "from 80 %", "10s", "warning"],
    ["bs9-host", "hostDisk", "from 95 %", "1m", "warning"],
  ]);
});

const plainStyle = new Proxy({}, { get: () => (text: string) => text }) as Parameters<ReturnType<typeof listedAlerts>["text"]>[0];

test.each<[AlertFile, AlertFile, string[]]>([
  [{}, { rules: { cpu: { value: 90 } } }, ["cpu: alerts from 90 %, for 10s (warning)"]],
  [{ rules: { cpu: { value: 90 } } }, {}, ["cpu: off"]],
  [{}, { rules: { memory: { value: "512M", for: "1m" } } }, ["memory: alerts from 512M, for 1m (warning)"]],
  [{}, { rules: { uptime: { value: 99.5 } } }, ["uptime: alerts below 99.5 % over 1d, for 10s (warning)"]],
  [{}, { rules: { restarts: { value: 5 } } }, ["restarts: alerts from 5 within 10m (warning)"]],
  [{}, { rules: { health: "off" } }, ["health: off"]],
  [{ rules: { health: "off" } }, {}, ["health: alerts when the service is unhealthy (critical)"]],
  [{}, { rules: { hostDisk: { value: 90 } } }, ["hostDisk: alerts from 90 %, for 10s (warning)"]],
  [{ rules: { cpu: { value: 90 } } }, { rules: { cpu: { value: 90 } }, services: { web: { cpu: "off" } } }, ["cpu of web: off"]],
  [{ services: { web: { cpu: { value: 50 } } } }, {}, ["cpu of web: as for all services"]],
  [{}, { enabled: false }, ["alerts: off"]],
  [{}, { cooldownSeconds: 60 }, ["cooldown: the same state of a service is told at most once in 1m"]],
  [{}, { cooldownSeconds: 0 }, ["cooldown: the same state of a service is told each time"]],
  [{}, { heartbeat: { url: "https://h.example/secret" } }, ["heartbeat: calls https://h.example/… every 1m"]],
  [{}, { channels: { webhooks: [{ url: "https://h.example/secret" }] } }, ["channel webhook https://h.example/…: on"]],
  [{ channels: { webhooks: [{ url: "https://h.example/secret" }] } }, {}, ["channel webhook https://h.example/…: off"]],
  [
    {},
    { custom: [{ name: "lag", series: "eventLoopLagMs", op: ">", value: 100 }] },
    ["custom.lag: alerts when eventLoopLagMs is > 100, for 10s (warning)"],
  ],
])("a change from %j to %j is told in words", (before, after, words) => {
  const [was, is] = [before, after].map((file) => parseAlerts(JSON.stringify(file)).config);
  if (was == null || is == null) throw new Error("the file has mistakes");
  expect(changesInWords(was, is)).toEqual(words);
});

const alert: AlertNow = {
  rule: "cpu",
  subject: "web",
  id: "a",
  state: "firing",
  severity: "warning",
  sinceMs: 0,
  firedMs: 10_000,
  value: 95,
  threshold: 90,
  unit: "percent",
  sentence: "the CPU usage of web is 95 %; the threshold is 90 %",
  isSilenced: false,
  ackedBy: null,
};

test("status and describe show the alerts that fire, and not those that are pending", () => {
  const onHost = { ...alert, rule: "hostDisk", subject: "bs9-host", isSilenced: true, sinceMs: 60_000 };
  const all: AlertNow[] = [onHost, alert, { ...alert, rule: "memory", state: "pending" }];
  expect(alertSummary(firingOn(all, null), 180_000)).toEqual(["2 alerts fire: web cpu (3m), host hostDisk (2m, silenced). See: bs9 alert"]);
  expect(alertSummary(firingOn(all, ["api"]), 180_000)).toEqual([]);
  expect(alertSummary(firingOn(null, null), 180_000)).toEqual([]);
  expect(firingOn(all, ["web"]).map((one) => alertLine({ ...one, ackedBy: "ops" }, 180_000))).toEqual([
    "alert for 3m: the CPU usage of web is 95 %; the threshold is 90 % (acknowledged by ops)",
  ]);
});
