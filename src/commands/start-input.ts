// The options of `start` -> StartInput: parsed at the door, bounds checked.
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { failed, usage } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { parseWhole } from "../base/quantities.ts";
import type { StartInput } from "../service/input.ts";
import { checkName } from "../service/name.ts";
import type { Health, Spec } from "../service/spec.ts";
import { parsers } from "../service/values.ts";
import type { Given, Option, Words } from "./command.ts";
import { flagOf, listOf, parsed, textOf } from "./options.ts";

export const startOptions: Option[] = [
  { flags: "-n, --name <name>", text: "name of the service (default: from ENTRY)" },
  { flags: "-p, --port <port>", text: "TCP port it listens on; sets PORT" },
  { flags: "-e, --env <K=V>", text: "environment variable; K= removes it", repeats: true },
  { flags: "--env-file <file>", text: "environment variables from a file", repeats: true },
  { flags: "--cwd <folder>", text: "project root and working folder" },
  { flags: "--runtime <runtime>", text: "bs9, bun, node or none (default: bs9 for .ts and .js)", values: ["bs9", "bun", "node", "none"] },
  { flags: "--memory <size>", text: "memory limit, e.g. 512M" },
  { flags: "--cpu <percent>", text: "CPU limit; 100% is one core" },
  { flags: "--files <n>", text: "open files (default 65536)" },
  { flags: "--tasks <n>", text: "processes and threads (default 512)" },
  { flags: "--health <check>", text: "PATH, URL, tcp:PORT or cmd:COMMAND" },
  { flags: "--wait <seconds>", text: "how long it may take to be ready (default 30; 0: do not wait)" },
  { flags: "--sandbox <profile>", text: "standard, strict or off (default standard)", values: ["standard", "strict", "off"] },
  { flags: "--writable <path>", text: "opens a path for writing", repeats: true },
  { flags: "--readable <path>", text: "opens a path for reading", repeats: true },
  { flags: "--require-sandbox", text: "do not run unless the sandbox is effective" },
  { flags: "--restart <policy>", text: "on-failure, always or no (default on-failure)", values: ["on-failure", "always", "no"] },
  { flags: "--restart-delay <time>", text: "delay of the third start; doubles up to 30s (default 1s)" },
  { flags: "--max-restarts <n>", text: "give up after so many restarts (default: never)" },
  { flags: "--stop-timeout <time>", text: "time to end by itself before it is killed (default 30s)" },
  { flags: "--log <where>", text: "journal, or file: files of its own, which lose no line (default journal)", values: ["journal", "file"] },
  { flags: "--build", text: "bundle it first; says what that gains" },
  { flags: "--force", text: "start it whatever the audit finds" },
  { flags: "--dry-run", text: "show what would be done, do nothing" },
  { flags: "--no-linger", text: "do not ask that services outlive the session" },
  { flags: "--reset", text: "start from the defaults instead of the known options" },
];

const maxEnvFileBytes = 4 * 1024 * 1024;
const envFileTimeoutMs = 10_000;

export async function startInputOf({ options, rest }: Words, cwd: string): Promise<StartInput> {
  const { env, envRemoved } = await environmentOf(options, cwd);
  const name = textOf(options, "name");
  return {
    ...(name === undefined ? {} : { name: checkName(name) }),
    ...(rest === null ? {} : { args: rest.map((word) => withoutNul(word, "an argument")) }),
    port: parsed(options, "port", (text, what) => parseWhole(text, what, 1, 65535)),
    env,
    envRemoved,
    cwd: parsed(options, "cwd", (text) => resolve(cwd, text)),
    runtime: parsed(options, "runtime", parsers.runtime),
    memoryBytes: parsed(options, "memory", parsers.memoryBytes),
    cpuPercent: parsed(options, "cpu", parsers.cpuPercent),
    files: parsed(options, "files", parsers.files),
    tasks: parsed(options, "tasks", parsers.tasks),
    health: parsed(options, "health", parseHealth),
    waitMs: parsed(options, "wait", parsers.waitMs),
    sandbox: parsed(options, "sandbox", parsers.sandbox),
    writable: pathsOf(options, "writable", cwd),
    readable: pathsOf(options, "readable", cwd),
    requireSandbox: flagOf(options, "requireSandbox") ? true : undefined,
    restart: parsed(options, "restart", parsers.restart),
    restartDelayMs: parsed(options, "restartDelay", parsers.restartDelayMs),
    maxRestarts: parsed(options, "maxRestarts", parsers.maxRestarts),
    stopTimeoutMs: parsed(options, "stopTimeout", parsers.stopTimeoutMs),
    log: parsed(options, "log", logOf),
    build: flagOf(options, "build") ? true : undefined,
    force: flagOf(options, "force") ? true : undefined,
    reset: flagOf(options, "reset"),
  };
}

/** True where an option is given that a defined service could be changed by. */
export function changesSomething(input: StartInput): boolean {
  const { env, envRemoved, reset, ...rest } = input;
  return reset || Object.keys(env).length > 0 || envRemoved.length > 0 || Object.values(rest).some((value) => value !== undefined);
}

async function environmentOf(options: Given, cwd: string): Promise<{ env: Record<string, string>; envRemoved: string[] }> {
  const env: Record<string, string> = {};
  const envRemoved: string[] = [];
  for (const file of listOf(options, "envFile")) Object.assign(env, await readEnvFile(resolve(cwd, file)));
  for (const pair of listOf(options, "env")) {
    const at = pair.indexOf("=");
    if (at < 1) throw usage(`--env cannot be ${JSON.stringify(pair)}: NAME=VALUE is needed, NAME= removes it`);
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    delete env[name];
    if (value === "") envRemoved.push(name);
    else env[name] = value;
  }
  for (const [name, value] of Object.entries(env)) checkVariable(name, value);
  return { env, envRemoved };
}

/** It may be a pipe, as a secret store writes to; one that nobody writes to is not waited for. */
async function readEnvFile(file: string): Promise<Record<string, string>> {
  try {
    const late = Bun.sleep(envFileTimeoutMs).then(() => {
      throw failed(`nothing came out of it in ${envFileTimeoutMs / 1000} s`);
    });
    const bytes = await Promise.race([readUpTo(file, maxEnvFileBytes), late]);
    if (bytes.length > maxEnvFileBytes) throw failed(`it has more than ${maxEnvFileBytes} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return Object.fromEntries(Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    throw failed(`cannot read the environment file ${file}: ${plainErrno(error)}`, { cause: error });
  }
}

/** One byte more than that shows that there is too much. */
async function readUpTo(file: string, maxBytes: number): Promise<Buffer> {
  const opened = await open(file, "r");
  try {
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = (await opened.read(bytes, length, bytes.length - length, null)).bytesRead;
    return bytes.subarray(0, length);
  } finally {
    await opened.close();
  }
}

function checkVariable(name: string, value: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw usage(`an environment variable cannot be named ${JSON.stringify(name)}: letters, digits and _ only, no digit first`);
  withoutNul(value, `the value of ${name}`);
  // systemd drops such a value from an environment file, and no quoting cures it.
  if (/\p{Noncharacter_Code_Point}/u.test(value))
    throw usage(`the value of ${name} holds a Unicode noncharacter (such as U+FFFF), which systemd does not take`);
}

function withoutNul(text: string, what: string): string {
  if (text.includes("\0")) throw usage(`${what} holds a NUL byte, which no process can be given`);
  return text;
}

function pathsOf(options: Given, name: string, cwd: string): string[] | undefined {
  const paths = listOf(options, name);
  return paths.length === 0 ? undefined : paths.map((path) => resolve(cwd, path));
}

function logOf(text: string, what: string): Spec["log"] {
  if (text === "journal" || text === "file") return text;
  throw usage(`${what} cannot be '${text}': journal, file are possible`);
}

function parseHealth(text: string, what: string): Health {
  if (text.startsWith("/")) return { kind: "path", path: text };
  if (text.startsWith("tcp:")) return { kind: "tcp", port: parseWhole(text.slice(4), `${what} tcp:`, 1, 65535) };
  if (text.startsWith("cmd:") && text.length > 4) return { kind: "cmd", command: text.slice(4) };
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { kind: "url", url: text };
  throw usage(`${what} cannot be '${text}': a path like /healthz, a URL, tcp:PORT or cmd:COMMAND is needed`);
}
