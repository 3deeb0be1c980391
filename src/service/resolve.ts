// Makes the spec from options, the known spec and the defaults. Pure; defaults are applied once.
import { usage } from "../base/errors.ts";
import type { Defaults } from "./defaults.ts";
import type { FoundEntry, StartInput } from "./input.ts";
import { portOf, type Spec } from "./spec.ts";

export type Surroundings = {
  /** The project root and working directory of the entry. */
  root: string;
  cwd: string;
  /** PATH of the caller; used at the first definition only. */
  path: string;
  /** The runtime on this host for the requested kind. */
  runtime: Spec["runtime"];
};

/**
 * Given options replace earlier ones, other options stay unchanged; `--env` merges, `--env K=` removes. With `reset` only the
 * name and PATH of the known spec are kept.
 */
export function resolve(
  input: StartInput & { name: string },
  entry: FoundEntry,
  known: Spec | null,
  around: Surroundings,
  defaults: Defaults,
): Spec {
  const before = input.reset ? null : known;
  const env: Record<string, string> = { ...before?.env, ...input.env };
  // --port replaces the port that an earlier --env or a file has set.
  const isPortGiven = input.port !== undefined && input.env["PORT"] === undefined;
  if (isPortGiven) delete env["PORT"];
  for (const removed of input.envRemoved) delete env[removed];
  const envFiles = input.envFiles ?? before?.envFiles ?? [];
  const envRemoved = new Set([...(before?.envRemoved ?? []), ...input.envRemoved, ...(isPortGiven ? ["PORT"] : [])]).difference(
    new Set(Object.keys(input.env)),
  );
  const port = input.port ?? before?.port ?? null;
  const health = input.health ?? before?.health ?? null;
  const healthRestart = input.healthRestart ?? before?.healthRestart ?? false;
  const policy = input.restart ?? before?.restart.policy ?? defaults.restart;
  const spec: Spec = {
    version: 1,
    name: input.name,
    entry: { kind: entry.kind, path: entry.path },
    args: input.args ?? before?.args ?? [],
    root: around.root,
    cwd: around.cwd,
    runtime: around.runtime,
    // The bundle that `--build` made belongs to one entry and one runtime, so it is not kept when one of them changes.
    build: before !== null && before.entry.path === entry.path && before.runtime.kind === around.runtime.kind ? before.build : null,
    force: input.force ?? before?.force ?? false,
    port,
    env,
    envFiles,
    envRemoved: envFiles.length === 0 ? [] : [...envRemoved],
    path: known?.path ?? around.path,
    limits: {
      memoryBytes: input.memoryBytes ?? before?.limits.memoryBytes ?? defaults.memoryBytes,
      cpuPercent: input.cpuPercent ?? before?.limits.cpuPercent ?? defaults.cpuPercent,
      files: input.files ?? before?.limits.files ?? defaults.files,
      tasks: input.tasks ?? before?.limits.tasks ?? defaults.tasks,
    },
    health,
    healthRestart,
    waitMs: input.waitMs ?? before?.waitMs ?? defaults.waitMs,
    sandbox: {
      profile: input.sandbox ?? before?.sandbox.profile ?? defaults.sandbox,
      writable: input.writable ?? before?.sandbox.writable ?? [],
      readable: input.readable ?? before?.sandbox.readable ?? [],
      required: input.requireSandbox ?? before?.sandbox.required ?? defaults.requireSandbox,
      // Absent where it is not requested, as in specs of earlier versions.
      ...((input.requireIsolation ?? before?.sandbox.isolationRequired) ? { isolationRequired: true } : {}),
    },
    restart: {
      policy,
      delayMs: input.restartDelayMs ?? before?.restart.delayMs ?? defaults.restartDelayMs,
      max: input.maxRestarts ?? before?.restart.max ?? defaults.maxRestarts,
    },
    stopTimeoutMs: input.stopTimeoutMs ?? before?.stopTimeoutMs ?? defaults.stopTimeoutMs,
    log: input.log ?? before?.log ?? "journal",
  };
  checkHealth(spec, input);
  return spec;
}

function checkHealth(spec: Spec, input: StartInput): void {
  const { health } = spec;
  const port = portOf(spec);
  if (health?.kind === "path" && port === null) {
    throw usage(`--health ${health.path} needs the port to probe`, { hint: `bs9 start … --port 3000 --health ${health.path}` });
  }
  if (spec.healthRestart) checkHealthRestart(spec.restart.policy, health !== null || port !== null, input);
}

function checkHealthRestart(policy: Spec["restart"]["policy"], isProbed: boolean, { healthRestart, restart }: StartInput): void {
  if (!isProbed)
    throw usage("--health-restart needs a health check or a port: there is nothing to probe", {
      hint: "bs9 start … --port 3000 --health-restart",
    });
  if (policy !== "no") return;
  // The hint keeps the option that the user gave last, and replaces the other one.
  const hint = restart === "no" && healthRestart === undefined ? "--reset --restart no" : "--restart on-failure --health-restart";
  throw usage(
    "--health-restart and --restart no exclude each other: a service that is ended because it is unhealthy would not be started again",
    {
      hint: `bs9 start … ${hint}`,
    },
  );
}
