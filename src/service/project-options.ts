// The keys of a service in bs9.toml: the long options of `start`, with the values that each accepts. Pure.
import { resolve } from "node:path";
import * as v from "valibot";
import { usage } from "../base/errors.ts";
import { checkVariable, withoutNul } from "./environment.ts";
import type { StartInput } from "./input.ts";
import { type Parse, parseHealth, parseLog, parsePort, parsers } from "./values.ts";

/** Reads a value; relative paths count from `folder`. Throws a usage error. */
export type ProjectOption = { key: string; read(value: unknown, folder: string): Partial<StartInput> };

const text = v.pipe(v.string(), v.nonEmpty());
const whole = v.pipe(v.number(), v.safeInteger());

export const projectOptions: ProjectOption[] = [
  { key: "args", read: (value) => ({ args: words(v.array(v.string()), value, "args", 'a list of strings, such as ["--fast"]') }) },
  scalar("port", parsePort, (port) => ({ port }), 3000),
  { key: "env", read: (value) => ({ env: variables(value) }) },
  path("cwd", (cwd) => ({ cwd })),
  word("runtime", parsers.runtime, (runtime) => ({ runtime }), "bun"),
  scalar("memory", parsers.memoryBytes, (memoryBytes) => ({ memoryBytes }), "512M"),
  scalar("cpu", parsers.cpuPercent, (cpuPercent) => ({ cpuPercent }), "50%"),
  scalar("files", parsers.files, (files) => ({ files }), 65_536),
  scalar("tasks", parsers.tasks, (tasks) => ({ tasks }), 512),
  word("health", parseHealth, (health) => ({ health }), "/healthz"),
  truth("health-restart", (healthRestart) => ({ healthRestart })),
  scalar("wait", parsers.waitMs, (waitMs) => ({ waitMs }), "30s"),
  word("sandbox", parsers.sandbox, (sandbox) => ({ sandbox }), "standard"),
  paths("writable", (writable) => ({ writable })),
  paths("readable", (readable) => ({ readable })),
  truth("require-sandbox", (requireSandbox) => ({ requireSandbox })),
  truth("require-isolation", (requireIsolation) => ({ requireIsolation })),
  word("restart", parsers.restart, (restart) => ({ restart }), "on-failure"),
  scalar("restart-delay", parsers.restartDelayMs, (restartDelayMs) => ({ restartDelayMs }), "1s"),
  scalar("max-restarts", parsers.maxRestarts, (maxRestarts) => ({ maxRestarts }), 10),
  scalar("stop-timeout", parsers.stopTimeoutMs, (stopTimeoutMs) => ({ stopTimeoutMs }), "30s"),
  word("log", parseLog, (log) => ({ log }), "file"),
  truth("inject", (inject) => ({ inject })),
  truth("force", (force) => ({ force })),
];

/** These two values are resolved with the disk. */
export const entryOf = (value: unknown): string => words(v.tuple([text]), [value], "entry", 'a string in quotes, such as "app.ts"').join();
export const envFilesOf = (value: unknown, folder: string): string[] => pathList("env-file", value, folder);

function scalar<T>(key: string, parse: Parse<T>, set: (value: T) => Partial<StartInput>, example: string | number): ProjectOption {
  const wanted = `a number, or a string in quotes, such as ${JSON.stringify(example)}`;
  return { key, read: (value) => set(parse(String(shaped(v.union([text, v.number()]), value, key, wanted)), key)) };
}

function word<T>(key: string, parse: Parse<T>, set: (value: T) => Partial<StartInput>, example: string): ProjectOption {
  const read = (value: unknown) => parse(words(v.tuple([text]), [value], key, `a string in quotes, such as "${example}"`).join(), key);
  return { key, read: (value) => set(read(value)) };
}

function truth(key: string, set: (value: boolean) => Partial<StartInput>): ProjectOption {
  return { key, read: (value) => set(shaped(v.boolean(), value, key, "true or false")) };
}

function path(key: string, set: (value: string) => Partial<StartInput>): ProjectOption {
  const read = (value: unknown, folder: string) => resolve(folder, ...words(v.tuple([text]), [value], key, "a path in quotes"));
  return { key, read: (value, folder) => set(read(value, folder)) };
}

function paths(key: string, set: (value: string[]) => Partial<StartInput>): ProjectOption {
  return { key, read: (value, folder) => set(pathList(key, value, folder)) };
}

function pathList(key: string, value: unknown, folder: string): string[] {
  const list = typeof value === "string" ? [value] : value;
  return words(v.array(text), list, key, "a path in quotes, or a list of them").map((one) => resolve(folder, one));
}

function variables(value: unknown): Record<string, string> {
  const wanted = 'a table of strings, such as { LEVEL = "debug" }';
  const given = shaped(v.record(v.string(), v.union([v.string(), whole, v.boolean()])), value, "env", wanted);
  const env = Object.fromEntries(Object.entries(given).map(([name, one]) => [name, String(one)]));
  for (const [name, one] of Object.entries(env)) checkVariable(name, one);
  return env;
}

function words(schema: v.GenericSchema<unknown, string[]>, value: unknown, key: string, wanted: string): string[] {
  return shaped(schema, value, key, wanted).map((one) => withoutNul(one, key));
}

function shaped<T>(schema: v.GenericSchema<unknown, T>, value: unknown, key: string, wanted: string): T {
  const read = v.safeParse(schema, value);
  if (!read.success) throw usage(`${key} must be ${wanted}`);
  return read.output;
}
