// Options override the known spec, which overrides the defaults.
import { expect, test } from "bun:test";
import * as v from "valibot";
import { builtIn } from "../../src/service/defaults.ts";
import type { StartInput } from "../../src/service/input.ts";
import { difference, needsRestart } from "../../src/service/plan.ts";
import { resolve } from "../../src/service/resolve.ts";
import { environmentOf, givenEnvironment, portOf, Spec } from "../../src/service/spec.ts";

const entry = { path: "/srv/web/app.ts", kind: "script" as const, onPath: false };
const around = { root: "/srv/web", cwd: "/srv/web", path: "/usr/bin", runtime: { kind: "bs9" as const, version: "1" } };
const nothing: StartInput = { env: {}, envRemoved: [], reset: false };
const spec = (input: Partial<StartInput> = {}, known: Spec | null = null, place = around) =>
  resolve({ ...nothing, ...input, name: input.name ?? "web" }, entry, known, place, builtIn);

test("start without options uses the documented defaults", () => {
  expect(spec({ name: "web" })).toMatchObject({
    limits: { memoryBytes: null, cpuPercent: null, files: 65536, tasks: 512 },
    waitMs: 30_000,
    restart: { policy: "on-failure", delayMs: 1000, max: null },
    stopTimeoutMs: 30_000,
    sandbox: { profile: "standard", required: false },
  });
});

test("given options replace earlier ones, and other options stay", () => {
  const known = spec({ name: "web", port: 3000, memoryBytes: 1 << 29 });
  const next = spec({ name: "web", port: 4000 }, known);
  expect(next.port).toBe(4000);
  expect(next.limits.memoryBytes).toBe(1 << 29);
});

test("--env merges, K= removes, --reset starts over but keeps PATH", () => {
  const known = spec({ name: "web", env: { A: "1", B: "2" }, port: 3000 });
  expect(spec({ name: "web", env: { B: "3" }, envRemoved: ["A"] }, known).env).toEqual({ B: "3" });
  const reset = spec({ name: "web", reset: true, env: { C: "1" } }, known, { ...around, path: "/other" });
  expect(reset).toMatchObject({ env: { C: "1" }, port: null, path: "/usr/bin" });
});

test("start --health with a path is refused without a port", () => {
  expect(() => spec({ name: "web", health: { kind: "path", path: "/up" } })).toThrow("needs the port");
});

test("--health-restart stays set until --reset, and setting it does not restart the service", () => {
  const known = spec({ name: "web", port: 3000, healthRestart: true });
  expect([known.healthRestart, spec({ name: "web" }, known).healthRestart]).toEqual([true, true]);
  expect(spec({ name: "web", healthRestart: false }, known).healthRestart).toBe(false);
  expect(spec({ name: "web", reset: true }, known).healthRestart).toBe(false);
  const changed = difference(spec({ name: "web", port: 3000 }), known);
  expect(changed).toEqual([{ path: "healthRestart", before: false, after: true }]);
  expect(needsRestart(changed)).toBe(false);
});

test("--health-restart is refused without a port or health check, and with --restart no", () => {
  const known = spec({ name: "web", port: 3000, healthRestart: true });
  expect(() => spec({ name: "web", healthRestart: true })).toThrow("nothing to probe");
  expect(spec({ name: "web", healthRestart: true, health: { kind: "cmd", command: "true" } }).healthRestart).toBe(true);
  const refused = (input: Partial<StartInput>, before: Spec | null = null) => {
    try {
      return spec({ name: "web", port: 3000, ...input }, before);
    } catch (error) {
      return error;
    }
  };
  expect(refused({ healthRestart: true, restart: "no" })).toMatchObject({ code: "usage", hint: expect.stringContaining("on-failure") });
  expect(refused({ restart: "no" }, known)).toMatchObject({ code: "usage", hint: expect.stringContaining("--reset") });
  expect(refused({ restart: "no", reset: true }, known)).toMatchObject({ healthRestart: false });
});

test("a spec that was written before --health-restart existed can be read", () => {
  const { healthRestart: _, ...before } = spec({ name: "web" });
  expect(v.parse(Spec, before).healthRestart).toBe(false);
});

test("the environment of a service contains its port and its variables", () => {
  expect(environmentOf(spec({ name: "web", port: 3000, env: { NODE_ENV: "test" } }))).toEqual({
    NODE_ENV: "test",
    PORT: "3000",
    SERVICE_NAME: "web",
    OTEL_SERVICE_NAME: "web",
    PATH: "/usr/bin",
  });
});

test("the difference names what changed and whether it needs a restart", () => {
  const known = spec({ name: "web", env: { A: "1" } });
  expect(difference(known, known)).toEqual([]);
  expect(difference(known, { ...known, path: "/x", runtime: { kind: "bs9", version: "2" } })).toEqual([]);
  const env = difference(known, spec({ name: "web", env: { A: "2" } }, known));
  expect(env).toEqual([{ path: "env.A", before: "1", after: "2" }]);
  expect(needsRestart(env)).toBe(true);
  expect(needsRestart(difference(known, { ...known, waitMs: 1 }))).toBe(false);
});

test("--env overrides the files, a later file overrides an earlier one, and a removed variable stays removed", () => {
  const envFiles = [
    { path: "/srv/web/a", values: { A: "a", B: "a", C: "a" } },
    { path: "/srv/web/b", values: { B: "b" } },
  ];
  const first = spec({ envFiles, env: { C: "given" }, envRemoved: ["A"] });
  expect(givenEnvironment(first)).toEqual({ B: "b", C: "given" });
  const second = spec({ env: { D: "d" }, envRemoved: ["C"] }, first);
  expect(givenEnvironment(second)).toEqual({ B: "b", D: "d" });
  expect(givenEnvironment(spec({ env: { A: "back" } }, second))).toEqual({ A: "back", B: "b", D: "d" });
  expect(givenEnvironment(spec({ reset: true }, second))).toEqual({});
});

test("the difference between two specs names each changed variable of an environment file, and each file by its path", () => {
  const before = spec({ envFiles: [{ path: "/srv/web/a", values: { A: "1", B: "2" } }] });
  const after = spec({ envFiles: [{ path: "/srv/web/b", values: { A: "1", B: "3" } }] });
  expect(difference(before, after)).toEqual([
    { path: "env.B", before: "2", after: "3" },
    { path: "envFiles", before: ["/srv/web/a"], after: ["/srv/web/b"] },
  ]);
});

test("a variable named __proto__ in a file is not lost before it is refused", () => {
  const values = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
  expect(Object.keys(givenEnvironment(spec({ envFiles: [{ path: "/srv/web/a", values }] })))).toEqual(["__proto__"]);
});

test("--port replaces a PORT from an earlier --env or a file, and --env PORT replaces --port", () => {
  const byEnv = spec({ env: { PORT: "3000" } });
  expect(portOf(byEnv)).toBe(3000);
  const byOption = spec({ port: 4000 }, byEnv);
  expect([portOf(byOption), environmentOf(byOption)["PORT"]]).toEqual([4000, "4000"]);
  const envFiles = [{ path: "/srv/web/.env", values: { PORT: "3000" } }];
  expect(portOf(spec({ port: 4000 }, spec({ envFiles })))).toBe(4000);
  expect(portOf(spec({ env: { PORT: "5000" } }, byOption))).toBe(5000);
});
