// The spec of a service: the one record that everything else is made from.
import * as v from "valibot";
import { namePattern } from "./name.ts";
import { isPython } from "./python.ts";

/** The limit of the kernel on one string of argv or of the environment: MAX_ARG_STRLEN (execve(2)). */
export const maxStringBytes = 128 * 1024;
/** The limit for argv and environment together; the kernel allows a quarter of an 8 MiB stack. */
export const maxTotalBytes = 2 * 1000 * 1000;

const absolute = v.pipe(v.string(), v.startsWith("/"));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

const HealthCheck = v.variant("kind", [
  v.strictObject({ kind: v.literal("path"), path: v.pipe(v.string(), v.startsWith("/")) }),
  v.strictObject({ kind: v.literal("url"), url: v.pipe(v.string(), v.url()) }),
  v.strictObject({ kind: v.literal("tcp"), port: portNumber }),
  v.strictObject({ kind: v.literal("cmd"), command: v.pipe(v.string(), v.minLength(1)) }),
]);

export const Spec = v.strictObject({
  version: v.literal(1),
  name: v.pipe(v.string(), v.regex(namePattern)),
  /** `script` runs on a runtime; `executable` is executed directly. The path is absolute, with its links unresolved. */
  entry: v.strictObject({ kind: v.picklist(["script", "executable"]), path: absolute }),
  args: v.array(v.string()),
  /** The project root, which the sandbox opens. */
  root: absolute,
  /** The working directory: the root, or the directory where a command on PATH was called. */
  cwd: absolute,
  runtime: v.variant("kind", [
    v.strictObject({ kind: v.literal("bs9"), version: v.string() }),
    v.strictObject({ kind: v.picklist(["bun", "node"]), path: absolute }),
    v.strictObject({ kind: v.literal("none") }),
  ]),
  /** The bundle that runs in place of the entry: its directory and the file in it. */
  build: v.optional(
    v.nullable(v.strictObject({ hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)), file: v.pipe(v.string(), v.regex(/^[^/]+$/)) })),
    null,
  ),
  /** Runs whatever the audit finds. */
  force: v.optional(v.boolean(), false),
  port: v.nullable(portNumber),
  /** The variables of --env. `givenEnvironment` adds those of the files; the rest of the environment is derived. */
  env: v.record(v.string(), v.string()),
  /** The files of --env-file in order, each with the values that were last read. */
  envFiles: v.optional(v.array(v.strictObject({ path: absolute, values: v.record(v.string(), v.string()) })), []),
  /** Variables that `--env NAME=` removed, and that the files do not bring back. */
  envRemoved: v.optional(v.array(v.string()), []),
  /** PATH at the first definition. */
  path: v.string(),
  limits: v.strictObject({
    memoryBytes: v.nullable(count),
    /** 100 is one core. */
    cpuPercent: v.nullable(v.pipe(v.number(), v.gtValue(0))),
    files: count,
    tasks: count,
  }),
  health: v.nullable(HealthCheck),
  /** Restarts the service as after a crash when it is unhealthy. */
  healthRestart: v.optional(v.boolean(), false),
  /** How long the service may take to become ready; 0: readiness is not checked. */
  waitMs: count,
  sandbox: v.strictObject({
    profile: v.picklist(["standard", "strict", "off"]),
    writable: v.array(absolute),
    readable: v.array(absolute),
    required: v.boolean(),
    /** Refuse to run where signals, abstract sockets and limits do not stay inside the service; absent: run anyway. */
    isolationRequired: v.optional(v.boolean()),
  }),
  restart: v.strictObject({
    policy: v.picklist(["on-failure", "always", "no"]),
    delayMs: count,
    max: v.nullable(count),
  }),
  stopTimeoutMs: count,
  /** Where stdout and stderr go: journald, or own log files. */
  log: v.optional(v.picklist(["journal", "file"]), "journal"),
  /**
   * How the preload of bs9 gets into the processes: by an option of Bun, by an option of Node, or by NODE_OPTIONS. `none`: why
   * there is no preload. Absent in specs of a bs9 that had no preload: the next restart adds it.
   */
  inject: v.optional(
    v.variant("by", [
      v.strictObject({
        by: v.picklist(["preload", "require", "NODE_OPTIONS"]),
        version: v.pipe(v.string(), v.regex(/^[\w+-][\w.+-]*$/)),
        /** The app's own port answers `/metrics` too. */
        metricsOnPort: v.optional(v.boolean()),
      }),
      /** `option`: the user gave --no-inject; `program`: neither Bun nor Node runs it; `node`: this Node cannot take it. */
      v.strictObject({ by: v.literal("none"), why: v.picklist(["option", "program", "node"]) }),
    ]),
  ),
});

export type Spec = v.InferOutput<typeof Spec>;
export type HealthCheck = v.InferOutput<typeof HealthCheck>;
export type Inject = NonNullable<Spec["inject"]>;
export type SandboxProfile = Spec["sandbox"]["profile"];

export type EnvFile = Spec["envFiles"][number];

/** The variables that the user set: a later file overrides an earlier one, and --env overrides the files. */
export function givenEnvironment({ env, envFiles, envRemoved }: Pick<Spec, "env" | "envFiles" | "envRemoved">): Record<string, string> {
  const fromFiles = envFiles.flatMap(({ values }) => Object.entries(values)).filter(([name]) => !envRemoved.includes(name));
  // The object is not filled by assignments, because they would lose a variable named __proto__ without an error.
  return Object.fromEntries([...fromFiles, ...Object.entries(env)]);
}

/** The environment of the service, without what systemd adds; later entries win. */
export function environmentOf(spec: Spec): Record<string, string> {
  return {
    NODE_ENV: "production",
    // Python buffers its output where it does not write to a terminal, so a log would lack its last lines for minutes.
    ...(spec.runtime.kind === "none" && isPython(spec.entry.path) ? { PYTHONUNBUFFERED: "1" } : {}),
    ...(spec.port === null ? {} : { PORT: String(spec.port) }),
    SERVICE_NAME: spec.name,
    OTEL_SERVICE_NAME: spec.name,
    PATH: spec.path,
    ...givenEnvironment(spec),
  };
}

/** The TCP port of a service: PORT of its environment, which --port and --env can set; null where that is not a port. */
export function portOf({ port, env, envFiles, envRemoved }: Spec): number | null {
  const ofFiles = envRemoved.includes("PORT") ? undefined : envFiles.findLast(({ values }) => values["PORT"] !== undefined)?.values["PORT"];
  const text = env["PORT"] ?? ofFiles;
  if (text === undefined) return port;
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 65_535 ? number : null;
}

/** Adds the directories of `programs` that PATH does not contain, after those that it contains. */
export function environmentWith(spec: Spec, programs: string[]): Record<string, string> {
  const environment = environmentOf(spec);
  const named = environment["PATH"]?.split(":") ?? [];
  return { ...environment, PATH: [environment["PATH"], ...programs.filter((folder) => !named.includes(folder))].join(":") };
}

/** True where the processes of the service get the preload of bs9. */
export const isInjected = ({ inject }: Pick<Spec, "inject">): boolean => inject !== undefined && inject.by !== "none";
