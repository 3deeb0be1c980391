// What a service is: the one record that everything else is derived from.
import * as v from "valibot";
import { namePattern } from "./name.ts";
import { isPython } from "./python.ts";

/** The kernel's limit on one string of argv or of the environment, MAX_ARG_STRLEN (execve(2)). */
export const maxStringBytes = 128 * 1024;
/** What argv and environment may hold together; the kernel takes a quarter of an 8 MiB stack. */
export const maxTotalBytes = 2 * 1000 * 1000;

const absolute = v.pipe(v.string(), v.startsWith("/"));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

const Health = v.variant("kind", [
  v.strictObject({ kind: v.literal("path"), path: v.pipe(v.string(), v.startsWith("/")) }),
  v.strictObject({ kind: v.literal("url"), url: v.pipe(v.string(), v.url()) }),
  v.strictObject({ kind: v.literal("tcp"), port: portNumber }),
  v.strictObject({ kind: v.literal("cmd"), command: v.pipe(v.string(), v.minLength(1)) }),
]);

export const Spec = v.strictObject({
  version: v.literal(1),
  name: v.pipe(v.string(), v.regex(namePattern)),
  /** `script` runs on a runtime; `executable` is run as it is. The path is as it was given, made absolute. */
  entry: v.strictObject({ kind: v.picklist(["script", "executable"]), path: absolute }),
  args: v.array(v.string()),
  /** The project root: what the sandbox opens. */
  root: absolute,
  /** The working folder: the root, or where a command on PATH was called. */
  cwd: absolute,
  runtime: v.variant("kind", [
    v.strictObject({ kind: v.literal("bs9"), version: v.string() }),
    v.strictObject({ kind: v.picklist(["bun", "node"]), path: absolute }),
    v.strictObject({ kind: v.literal("none") }),
  ]),
  /** The bundle that is run in place of the entry: its folder and the file in it. */
  build: v.optional(
    v.nullable(v.strictObject({ hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)), file: v.pipe(v.string(), v.regex(/^[^/]+$/)) })),
    null,
  ),
  /** Runs whatever the audit finds. */
  force: v.optional(v.boolean(), false),
  port: v.nullable(portNumber),
  /** The variables of --env. `givenEnvironment` adds those of the files; the rest of the environment is derived. */
  env: v.record(v.string(), v.string()),
  /** The files of --env-file in their order, each with the values that were read last. */
  envFiles: v.optional(v.array(v.strictObject({ path: absolute, values: v.record(v.string(), v.string()) })), []),
  /** Variables that `--env NAME=` took away, and that the files do not bring back. */
  envRemoved: v.optional(v.array(v.string()), []),
  /** PATH as at the first definition. */
  path: v.string(),
  limits: v.strictObject({
    memoryBytes: v.nullable(count),
    /** 100 is one core. */
    cpuPercent: v.nullable(v.pipe(v.number(), v.gtValue(0))),
    files: count,
    tasks: count,
  }),
  health: v.nullable(Health),
  /** Restarts it, as after a crash, when it is unhealthy. */
  healthRestart: v.optional(v.boolean(), false),
  /** How long it may take to become ready; 0: nothing is judged. */
  waitMs: count,
  sandbox: v.strictObject({
    profile: v.picklist(["standard", "strict", "off"]),
    writable: v.array(absolute),
    readable: v.array(absolute),
    required: v.boolean(),
    /** It is not to run where signals, abstract sockets and limits do not stay inside; absent: it may. */
    isolationRequired: v.optional(v.boolean()),
  }),
  restart: v.strictObject({
    policy: v.picklist(["on-failure", "always", "no"]),
    delayMs: count,
    max: v.nullable(count),
  }),
  stopTimeoutMs: count,
  /** Where its lines go: journald, or files of its own. */
  log: v.optional(v.picklist(["journal", "file"]), "journal"),
});

export type Spec = v.InferOutput<typeof Spec>;
export type Health = v.InferOutput<typeof Health>;
export type SandboxProfile = Spec["sandbox"]["profile"];

export type EnvFile = Spec["envFiles"][number];

/** The variables that the user gave: those of the files, a later file before an earlier one, and --env before both. */
export function givenEnvironment({ env, envFiles, envRemoved }: Pick<Spec, "env" | "envFiles" | "envRemoved">): Record<string, string> {
  const fromFiles = envFiles.flatMap(({ values }) => Object.entries(values)).filter(([name]) => !envRemoved.includes(name));
  // Not by assignment: a variable named __proto__ would be lost, and nobody would refuse it.
  return Object.fromEntries([...fromFiles, ...Object.entries(env)]);
}

/** The environment of the service but for what systemd sets by itself; later entries win. */
export function environmentOf(spec: Spec): Record<string, string> {
  return {
    NODE_ENV: "production",
    // Python keeps back what it prints where it prints to no terminal: a log would lack its last lines for minutes.
    ...(spec.runtime.kind === "none" && isPython(spec.entry.path) ? { PYTHONUNBUFFERED: "1" } : {}),
    ...(spec.port === null ? {} : { PORT: String(spec.port) }),
    SERVICE_NAME: spec.name,
    OTEL_SERVICE_NAME: spec.name,
    PATH: spec.path,
    ...givenEnvironment(spec),
  };
}

/** The TCP port of a service: PORT of its environment, which --port sets and --env may set; null where that is not a port. */
export function portOf({ port, env, envFiles, envRemoved }: Spec): number | null {
  const ofFiles = envRemoved.includes("PORT") ? undefined : envFiles.findLast(({ values }) => values["PORT"] !== undefined)?.values["PORT"];
  const text = env["PORT"] ?? ofFiles;
  if (text === undefined) return port;
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 65_535 ? number : null;
}

/** With the folders of `programs` that its PATH does not name, behind those that it does. */
export function environmentWith(spec: Spec, programs: string[]): Record<string, string> {
  const environment = environmentOf(spec);
  const named = environment["PATH"]?.split(":") ?? [];
  return { ...environment, PATH: [environment["PATH"], ...programs.filter((folder) => !named.includes(folder))].join(":") };
}
