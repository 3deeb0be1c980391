// Health checks of the built bs9 under a real systemd: what the agent finds, reports and restarts.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;

/** Accepts connections, but never answers. */
const hanging = 'Bun.listen({ hostname: "127.0.0.1", port: Number(process.env["PORT"]), socket: { data() {} } });\n';
/** Answers correctly until it is told to hang. */
const turning = `let hangs = false;
Bun.serve({ port: Number(process.env["PORT"]), idleTimeout: 0, fetch: ({ url }) => {
  if (hangs) return new Promise(() => {});
  hangs = new URL(url).pathname === "/hang";
  return Response.json({ pid: process.pid });
} });
`;
/** Listens from the beginning, and answers correctly after five seconds. */
const slow = `const began = Date.now();
Bun.serve({ port: Number(process.env["PORT"]), fetch: () => new Response("", { status: Date.now() - began < 5000 ? 503 : 200 }) });
`;
const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';

beforeAll(async () => {
  it = await lab("health");
  await it.writeFile("ops", ".config/bs9/config.toml", config);
  for (const [name, text] of Object.entries({ hanging, turning, slow })) await it.writeFile("ops", `apps/${name}.ts`, text);
}, 300_000);
afterAll(() => it.down());

const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
const start = (name: string, port: number, ...more: string[]) =>
  bs9(it, "start", `apps/${name}.ts`, "--port", String(port), "--health", "/", ...more);
const healthOf = async (name: string) => (await statusOf(it, name)).health;

test("a service that hangs becomes unhealthy, and status says so", async () => {
  expect((await start("turning", 4501)).code).toBe(0);
  await until(async () => (await healthOf("turning")) === "healthy", { what: "it is healthy" });
  const { pid, restarts } = await statusOf(it, "turning");
  await fetchIn(it, 4501, "/hang");
  await until(async () => (await healthOf("turning")) === "unhealthy", { what: "it is unhealthy", timeoutMs: 20_000 });
  // Without --health-restart the service is not restarted.
  expect(await statusOf(it, "turning")).toMatchObject({ pid, restarts, ready: false });
  expect((await bs9(it, "status")).stderr).toMatch(/turning: unhealthy for \S+: .*does not answer.*bs9 logs turning/);
});

test("with --health-restart an unhealthy service is restarted and counted, and the trail says why", async () => {
  // The process is unchanged, because only bs9 uses this setting.
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
  const why = /it is unhealthy, so it is restarted: .*does not answer/;
  expect((await bs9(it, "logs", "turning")).stdout).toMatch(why);
  const { events } = JSON.parse((await bs9(it, "describe", "turning", "--json")).stdout) as { events: { message: string }[] };
  expect(events.filter(({ message }) => why.test(message)).length).toBe(1);
}, 240_000);

test("a service that starts slowly is neither unhealthy nor restarted", async () => {
  const began = performance.now();
  expect((await start("slow", 4502, "--health-restart", "--wait", "20")).code).toBe(0);
  // The process is killed, so that the service starts once more and no command waits for it.
  await sh("kill -9 $(systemctl --user show -P MainPID slow)");
  const seen = new Set<string>();
  await until(
    async () => {
      const { health, state } = await statusOf(it, "slow");
      if (state === "active") seen.add(health ?? "none");
      return health === "healthy" && seen.has("unknown");
    },
    { what: "it is healthy", timeoutMs: 30_000 },
  );
  expect(performance.now() - began).toBeGreaterThan(9000);
  expect([...seen].sort()).toEqual(["healthy", "unknown"]);
  expect((await statusOf(it, "slow")).restarts).toBe(1);
}, 240_000);

test("without --health the port is probed", async () => {
  await bs9(it, "start", "apps/hanging.ts", "--port", "4503");
  // Accepting connections is all that this probe requires.
  await until(async () => (await healthOf("hanging")) === "healthy", { what: "it is healthy" });
});
