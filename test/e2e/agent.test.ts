// The agent of the built bs9 under a real systemd: it comes with the first service, and nothing that happens to it affects an
// app.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Self } from "../../src/status/agent-protocol.ts";
import type { Status } from "../../src/status/schema.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";
import { killAgent } from "./agent-kills.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";
import { killWatcher } from "./kill-watcher.ts";

let it: Lab;

const web = 'Bun.serve({ port: Number(process.env["PORT"]), fetch: () => Response.json({ pid: process.pid }) });\n';
const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';

beforeAll(async () => {
  it = await lab("agent");
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  await it.writeFile("ops", "apps/web.ts", web);
}, 300_000);
afterAll(() => it.down());

const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
const agentPid = async (): Promise<number> => Number((await sh("systemctl --user show -P MainPID bs9-agent")).stdout);
const pidOf = async (port: number): Promise<number> => (await fetchIn<{ pid: number }>(it, port, "/")).pid;
const ofAgent = async (): Promise<boolean> => (await statusOf(it, "web")).figuresFrom === "agent";
const told = async (): Promise<Self> => {
  const { self } = JSON.parse((await bs9(it, "describe", "bs9-agent", "--json")).stdout) as { self: Self | null };
  if (self === null) throw new Error("the agent does not answer");
  return self;
};

test("the agent is started with the first service, and reports its own cost", async () => {
  expect((await sh("systemctl --user is-enabled bs9-agent")).stdout.trim()).not.toBe("enabled");
  expect((await bs9(it, "start", "apps/web.ts", "--port", "4500")).code).toBe(0);
  await until(ofAgent, { what: "figures come from the agent" });
  expect((await sh("systemctl --user is-enabled bs9-agent")).stdout.trim()).toBe("enabled");
  await until(async () => (await told()).ticks >= 3, { what: "three ticks" });
  expect(await told()).toMatchObject({ pid: await agentPid(), services: 1, intervalMs: 1000, changesBy: "signals", notices: [] });
  const { stdout } = await bs9(it, "describe", "bs9-agent");
  for (const row of ["ticks", "cpu of a tick", "memory", "database", "[X-BS9]"]) expect(stdout).toContain(row);
  // The unit of the agent is not taken for a service, or for a leftover of one.
  expect(JSON.parse((await bs9(it, "status", "--json")).stdout)).toHaveLength(1);
  expect((await bs9(it, "status", "bs9-agent")).code).toBe(4);
});

test("starting a second service does not restart the agent", async () => {
  const pid = await agentPid();
  expect((await bs9(it, "start", "apps/web.ts", "--port", "4500")).stdout).toContain("unchanged");
  expect((await bs9(it, "restart", "web")).code).toBe(0);
  expect(await agentPid()).toBe(pid);
});

test("status shows the new state at once after start, stop, restart and delete", async () => {
  for (let round = 0; round < 2; round++) {
    await bs9(it, "stop", "web");
    expect(await statusOf(it, "web")).toMatchObject({ state: "inactive", pid: null, figuresFrom: "agent" });
    await bs9(it, "start", "web");
    expect(await statusOf(it, "web")).toMatchObject({ state: "active", ready: true, pid: await pidOf(4500), figuresFrom: "agent" });
  }
});

test("each kill is reported to a reader, and status --watch shows it without waiting for its next poll", async () => {
  const watching = it.start("ops", ["bs9", "status", "web", "--watch", "--json"]);
  const lines = () =>
    watching
      .stdout()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Status & { at: string });
  await until(() => lines().length > 0, { what: "status --watch shows the service" });
  const path = `/src/${killWatcher.slice(killWatcher.lastIndexOf("test/"))}`;
  const { stdout } = succeed(await it.asUser("ops", ["bs9", "run", path, "2"], { env: { BUN_BE_BUN: "1" } }), "two kills");
  expect(JSON.parse(stdout)).toMatchObject({ missing: 0, latenciesMs: [expect.any(Number), expect.any(Number)] });
  await until(() => lines().at(-1)?.restarts === 2 && lines().at(-1)?.state === "active", { what: "status --watch shows both kills" });
  // The output of status --watch contains the pid of each process that ran.
  expect(new Set(lines().flatMap(({ pid }) => pid ?? [])).size).toBe(3);
  watching.kill("SIGINT");
  await watching.exited;
  await bs9(it, "restart", "web");
});

describe("failures of the agent", () => {
  test("kill -9 of the agent, three times: no app is affected, and no stored tick is lost", async () => {
    const kills = await killAgent(it, { rounds: 3, port: 4500 });
    expect(kills).toMatchObject({ appsTouched: 0, integrity: "ok" });
    // metrics.db contains at least four watches (periods in which an agent observed the services), because the agent was killed
    // three times.
    expect(kills.watches).toBeGreaterThanOrEqual(4);
    expect((await told()).notices).toEqual([]);
  });

  test("while the agent is stopped, status measures by itself and says so", async () => {
    const app = await pidOf(4500);
    await sh("systemctl --user stop bs9-agent; touch -d '1 hour ago' ~/.config/systemd/user/bs9-agent.service");
    const { stdout, stderr, code } = await bs9(it, "status");
    expect([code, stdout.includes("active")]).toEqual([0, true]);
    expect(stderr).toContain("the agent does not answer");
    expect(await statusOf(it, "web")).toMatchObject({ pid: app, figuresFrom: "live", cpuPercent: expect.any(Number) });
    expect((await bs9(it, "doctor")).stdout).toContain("the agent does not answer");
    expect((await bs9(it, "describe", "bs9-agent")).stdout).toContain("does not answer");
    expect((await bs9(it, "doctor", "--fix", "--yes")).stdout).toContain("asked to start");
    await until(ofAgent, { what: "the agent answers again" });
    expect(await pidOf(4500)).toBe(app);
  });

  test("after metrics.db was deleted, the agent creates a new one and reports that", async () => {
    const app = await pidOf(4500);
    await sh("rm -r ~/.config/bs9/metrics");
    await until(async () => (await told()).databaseBytes !== null, { what: "another database" });
    expect((await told()).notices).toEqual([
      expect.objectContaining({ kind: "storage", what: expect.stringContaining("was removed; a new file was begun") }),
    ]);
    expect(await pidOf(4500)).toBe(app);
    await until(async () => JSON.parse((await bs9(it, "export", "--hours", "1")).stdout).length > 1, { what: "samples to export" });
  });

  test("an agent that was disabled by hand stays disabled", async () => {
    await sh("systemctl --user disable --now bs9-agent");
    expect((await bs9(it, "restart", "web")).code).toBe(0);
    expect(await agentPid()).toBe(0);
    await sh("systemctl --user enable --now bs9-agent");
    await until(ofAgent, { what: "the agent answers again" });
  });
});

test("the agent restarts itself after the bs9 executable was replaced or config.toml was changed", async () => {
  const pid = await agentPid();
  await sh("cp ~/.local/bin/bs9 ~/.local/bin/new && mv ~/.local/bin/new ~/.local/bin/bs9");
  await until(async () => (await agentPid()) !== pid && (await ofAgent()), { what: "a new process of the agent has started" });
  await it.writeFile("ops", ".config/bs9/config.toml", config.replace('"1s"', '"2s"'));
  await until(async () => (await told()).intervalMs === 2000, { what: "the new interval" });
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  await until(async () => (await told()).intervalMs === 1000, { what: "the old interval" });
  expect((await told()).notices).toEqual([]);
});

test("the agent keeps reporting changes after a restart of the message bus", async () => {
  await until(async () => (await statusOf(it, "web")).health === "healthy", { what: "it is healthy" });
  const { pid } = await statusOf(it, "web");
  await sh("systemctl --user restart dbus.service");
  const isWhole = async () => {
    const status = await statusOf(it, "web");
    return status.pid === pid && status.health === "healthy" && status.memoryBytes !== null && status.figuresFrom === "agent";
  };
  await until(isWhole, { what: "all of it is told again", timeoutMs: 20_000 });
  await sh("kill -9 $(systemctl --user show -P MainPID web)");
  await until(async () => (await statusOf(it, "web")).restarts === 1, { what: "a crash is told, too" });
}, 240_000);

test("status, describe and export show the same number of restarts", async () => {
  const counts = async () => {
    const { status } = JSON.parse((await bs9(it, "describe", "web", "--json")).stdout) as { status: Status };
    const rows = (await bs9(it, "export", "--service", "web")).stdout;
    return [(await statusOf(it, "web")).restarts, status.restarts, (JSON.parse(rows) as { restarts: number }[]).at(-1)?.restarts];
  };
  await until(async () => Bun.deepEquals(await counts(), [1, 1, 1]), { what: "the crash is counted" });
  await bs9(it, "restart", "web");
  await until(async () => Bun.deepEquals(await counts(), [0, 0, 0]), { what: "the count starts again at 0" });
  // status reports the total CPU time of the service as well.
  const { cpuTimeMs } = await statusOf(it, "web");
  expect(cpuTimeMs).toBeGreaterThan(0);
  expect((await bs9(it, "describe", "web")).stdout).toMatch(/^ {2}cpu time +[\d.]+ m?s since its main process started$/m);
  const lines = (await bs9(it, "export", "--service", "web", "--format", "csv")).stdout.trimEnd().split("\r\n");
  // Later versions add columns at the end.
  const added = ["cpuTimeMs", "requests", "requestErrors", "requestP50Ms", "requestP95Ms", "requestsInFlight", "eventLoopLagMs"];
  expect(lines[0]?.split(",").slice(-added.length)).toEqual(added);
  expect(Number(lines.at(-1)?.split(",").at(-added.length))).toBeGreaterThan(0);
}, 240_000);

test("the agent is removed with the last service, and its samples are kept", async () => {
  expect((await bs9(it, "delete", "all", "--yes")).code).toBe(0);
  expect((await sh("systemctl --user list-units --all 'bs9-agent*' --no-legend; ls ~/.config/systemd/user")).stdout).not.toContain("agent");
  const { stdout } = await bs9(it, "export", "--service", "web", "--format", "csv");
  expect(stdout.split("\r\n").length).toBeGreaterThan(3);
});
