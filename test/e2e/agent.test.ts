// The agent of the built bs9 under a real systemd: it comes with the first service, and what happens to it happens to no app.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Self } from "../../src/lifecycle/agent.ts";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;

const web = 'Bun.serve({ port: Number(process.env["PORT"]), fetch: () => Response.json({ pid: process.pid }) });\n';
/** Takes connections for as long as it likes, and never answers. */
const hanging = 'Bun.listen({ hostname: "127.0.0.1", port: Number(process.env["PORT"]), socket: { data() {} } });\n';
/** Answers well until it is told to hang. */
const turning = `let hangs = false;
Bun.serve({ port: Number(process.env["PORT"]), idleTimeout: 0, fetch: ({ url }) => {
  if (hangs) return new Promise(() => {});
  hangs = new URL(url).pathname === "/hang";
  return Response.json({ pid: process.pid });
} });
`;
/** Listens from the beginning, and answers well after five seconds. */
const slow = `const began = Date.now();
Bun.serve({ port: Number(process.env["PORT"]), fetch: () => new Response("", { status: Date.now() - began < 5000 ? 503 : 200 }) });
`;
const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';

beforeAll(async () => {
  it = await lab("agent");
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  for (const [name, text] of Object.entries({ web, hanging, turning, slow })) await it.writeFile("ops", `apps/${name}.ts`, text);
}, 120_000);
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

test("it comes with the first service, and says what it costs", async () => {
  expect((await sh("systemctl --user is-enabled bs9-agent")).stdout.trim()).not.toBe("enabled");
  expect((await bs9(it, "start", "apps/web.ts", "--port", "4500")).code).toBe(0);
  await until(ofAgent, { what: "figures come from the agent" });
  expect((await sh("systemctl --user is-enabled bs9-agent")).stdout.trim()).toBe("enabled");
  await until(async () => (await told()).ticks >= 3, { what: "three ticks" });
  expect(await told()).toMatchObject({ pid: await agentPid(), services: 1, intervalMs: 1000, changesBy: "signals", notices: [] });
  const { stdout } = await bs9(it, "describe", "bs9-agent");
  for (const row of ["ticks", "cpu of a tick", "memory", "database", "[X-BS9]"]) expect(stdout).toContain(row);
  // Nobody takes its unit for a service, or for a leftover of one.
  expect(JSON.parse((await bs9(it, "status", "--json")).stdout)).toHaveLength(1);
  expect((await bs9(it, "status", "bs9-agent")).code).toBe(4);
});

test("a second start of anything leaves it alone", async () => {
  const pid = await agentPid();
  expect((await bs9(it, "start", "apps/web.ts", "--port", "4500")).stdout).toContain("unchanged");
  expect((await bs9(it, "restart", "web")).code).toBe(0);
  expect(await agentPid()).toBe(pid);
});

test("status is exact at once, whatever has just happened", async () => {
  for (let round = 0; round < 5; round++) {
    await bs9(it, "stop", "web");
    expect(await statusOf(it, "web")).toMatchObject({ state: "inactive", pid: null, figuresFrom: "agent" });
    await bs9(it, "start", "web");
    expect(await statusOf(it, "web")).toMatchObject({ state: "active", ready: true, pid: await pidOf(4500), figuresFrom: "agent" });
  }
});

describe("killed, stopped, without its database", () => {
  test("killed over and over: no app notices, status answers, and it is back", async () => {
    const app = await pidOf(4500);
    for (let round = 0; round < 10; round++) {
      const pid = await agentPid();
      await sh(`kill -9 ${pid}`);
      expect((await statusOf(it, "web")).pid).toBe(app);
      await until(async () => (await agentPid()) !== pid && (await ofAgent()), { what: "the agent is back" });
      // Some time, so that it is killed at one moment or another of its work.
      await Bun.sleep(Math.random() * 1500);
    }
    expect(await pidOf(4500)).toBe(app);
    // Whole, and it says of itself that it watched in eleven pieces.
    const check =
      'const {Database} = require("bun:sqlite"); const db = new Database(process.env.HOME + "/.config/bs9/metrics/metrics.db"); console.log(JSON.stringify([db.query("PRAGMA integrity_check").get(), db.query("SELECT count(*) AS n FROM watch").get()]))';
    const { stdout } = await it.asUser("ops", ["bs9", "-e", check], { env: { BUN_BE_BUN: "1" } });
    const [integrity, watches] = JSON.parse(stdout) as [{ integrity_check: string }, { n: number }];
    expect(integrity.integrity_check).toBe("ok");
    expect(watches.n).toBeGreaterThanOrEqual(10);
    expect((await told()).notices).toEqual([]);
  }, 120_000);

  test("stopped: status measures by itself, and says so", async () => {
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

  test("its database deleted: it writes another one, and tells", async () => {
    const app = await pidOf(4500);
    await sh("rm -r ~/.config/bs9/metrics");
    await until(async () => (await told()).databaseBytes !== null, { what: "another database" });
    expect((await told()).notices).toEqual([expect.stringContaining("was removed; collecting began anew")]);
    expect(await pidOf(4500)).toBe(app);
    await until(async () => JSON.parse((await bs9(it, "export", "--hours", "1")).stdout).length > 1, { what: "samples to export" });
  });

  test("disabled by hand, it stays so", async () => {
    await sh("systemctl --user disable --now bs9-agent");
    expect((await bs9(it, "restart", "web")).code).toBe(0);
    expect(await agentPid()).toBe(0);
    await sh("systemctl --user enable --now bs9-agent");
    await until(ofAgent, { what: "the agent answers again" });
  });
});

test("another bs9 in its place, and another configuration: it is the new one by itself", async () => {
  const pid = await agentPid();
  await sh("cp ~/.local/bin/bs9 ~/.local/bin/new && mv ~/.local/bin/new ~/.local/bin/bs9");
  await until(async () => (await agentPid()) !== pid && (await ofAgent()), { what: "the agent has started anew" });
  await it.writeFile("ops", ".config/bs9/config.toml", config.replace('"1s"', '"2s"'));
  await until(async () => (await told()).intervalMs === 2000, { what: "the new interval" });
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  await until(async () => (await told()).intervalMs === 1000, { what: "the old interval" });
  expect((await told()).notices).toEqual([]);
});

test("the message bus is restarted: it hears and tells on", async () => {
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
  await bs9(it, "restart", "web");
}, 60_000);

describe("health", () => {
  const start = (name: string, port: number, ...more: string[]) =>
    bs9(it, "start", `apps/${name}.ts`, "--port", String(port), "--health", "/", ...more);
  const healthOf = async (name: string) => (await statusOf(it, name)).health;

  test("one that has begun to hang is unhealthy, and says so", async () => {
    expect((await start("turning", 4501)).code).toBe(0);
    await until(async () => (await healthOf("turning")) === "healthy", { what: "it is healthy" });
    const { pid, restarts } = await statusOf(it, "turning");
    await fetchIn(it, 4501, "/hang");
    await until(async () => (await healthOf("turning")) === "unhealthy", { what: "it is unhealthy", timeoutMs: 20_000 });
    // It was not asked to be restarted.
    expect(await statusOf(it, "turning")).toMatchObject({ pid, restarts, ready: false });
    expect((await bs9(it, "status")).stderr).toMatch(/turning: unhealthy for \S+: .*does not answer.*bs9 logs turning/);
  });

  test("with --health-restart it is restarted, counted, and the trail says why", async () => {
    // The same process: only bs9 looks at that.
    const { pid } = await statusOf(it, "turning");
    expect((await start("turning", 4501, "--health-restart", "--wait", "0")).code).toBe(0);
    await until(async () => (await statusOf(it, "turning")).restarts === 1, { what: "it is restarted", timeoutMs: 20_000 });
    await until(async () => (await healthOf("turning")) === "healthy", { what: "it is healthy again", timeoutMs: 20_000 });
    expect((await statusOf(it, "turning")).pid).not.toBe(pid);
    const { stdout } = await bs9(it, "history", "turning", "--json");
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({
        act: "restart",
        who: expect.objectContaining({ origin: "agent" }),
        result: expect.objectContaining({ outcome: "ok", message: expect.stringContaining("unhealthy") }),
      }),
    );
  }, 60_000);

  test("one that is slow to start is not unhealthy, and not restarted", async () => {
    const began = performance.now();
    expect((await start("slow", 4502, "--health-restart", "--wait", "20")).code).toBe(0);
    // Once more, without anybody who waits for it.
    await sh("kill -9 $(systemctl --user show -P MainPID slow)");
    const seen = new Set<string>();
    await until(
      async () => {
        const { health, state } = await statusOf(it, "slow");
        if (state === "active") seen.add(health);
        return health === "healthy" && seen.has("unknown");
      },
      { what: "it is healthy", timeoutMs: 30_000 },
    );
    expect(performance.now() - began).toBeGreaterThan(9000);
    expect([...seen].sort()).toEqual(["healthy", "unknown"]);
    expect((await statusOf(it, "slow")).restarts).toBe(1);
  }, 60_000);

  test("without --health the port is looked at", async () => {
    await bs9(it, "start", "apps/hanging.ts", "--port", "4503");
    // It takes connections: that is all that is asked.
    await until(async () => (await healthOf("hanging")) === "healthy", { what: "it is healthy" });
  });
});

test("with the last service it goes, and leaves its samples", async () => {
  expect((await bs9(it, "delete", "all", "--yes")).code).toBe(0);
  expect((await sh("systemctl --user list-units --all 'bs9-agent*' --no-legend; ls ~/.config/systemd/user")).stdout).not.toContain("agent");
  const { stdout } = await bs9(it, "export", "--service", "web", "--format", "csv");
  expect(stdout.split("\r\n").length).toBeGreaterThan(3);
});
