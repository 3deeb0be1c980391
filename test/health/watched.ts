// Services to probe: specs as `start` makes them, and runs of them.
import type { HealthSettings } from "../../src/config/health.ts";
import type { Watched } from "../../src/health/monitor.ts";
import { builtIn } from "../../src/service/defaults.ts";
import type { StartInput } from "../../src/service/input.ts";
import { resolve } from "../../src/service/resolve.ts";
import type { Spec } from "../../src/service/spec.ts";

export const settings: HealthSettings = { intervalMs: 10_000, timeoutMs: 5000, unhealthyAfter: 3, healthyAfter: 2 };

export function specOf(name: string, input: Partial<StartInput> = {}): Spec {
  const entry = { path: "/srv/app/app.ts", kind: "script" as const, onPath: false };
  const around = { root: "/srv/app", cwd: "/srv/app", path: "/usr/bin", runtime: { kind: "bs9" as const, version: "1" } };
  return resolve({ env: {}, envRemoved: [], reset: false, ...input, name }, entry, null, around, builtIn);
}

/** The health command is the name of the service, so that the function that runs it knows which service it belongs to. */
export function watchedOf(name: string, input: Partial<StartInput> = {}, run = "1", startedAtMs = 0): Watched {
  return { spec: specOf(name, { health: { kind: "cmd", command: name }, ...input }), run, startedAtMs };
}
