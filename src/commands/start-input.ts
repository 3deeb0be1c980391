// Parses the options of `start` into a StartInput, and checks their bounds.
import { resolve } from "node:path";
import { usage } from "../base/errors.ts";
import { checkVariable, readEnvFiles, withoutNul } from "../service/environment.ts";
import type { StartInput } from "../service/input.ts";
import { checkName } from "../service/name.ts";
import { parseHealth, parseLog, parsePort, parsers } from "../service/values.ts";
import type { Option, OptionValues, Words } from "./command.ts";
import { flagOf, listOf, parsed, textOf } from "./options.ts";

export const startOptions: Option[] = [
  { flags: "-n, --name <name>", text: "name of the service (default: from ENTRY)" },
  { flags: "-p, --port <port>", text: "TCP port that the app listens on; sets PORT" },
  { flags: "-e, --env <K=V>", text: "environment variable; K= removes it", repeats: true },
  { flags: "--env-file <file>", text: "environment variables from a file", repeats: true },
  { flags: "--cwd <directory>", text: "project root and working directory" },
  { flags: "--runtime <runtime>", text: "bs9, bun, node or none (default: bs9 for .ts and .js)", values: ["bs9", "bun", "node", "none"] },
  { flags: "--memory <size>", text: "memory limit, e.g. 512M" },
  { flags: "--cpu <percent>", text: "CPU limit; 100% is one core" },
  { flags: "--files <n>", text: "limit of open files (default 65536)" },
  { flags: "--tasks <n>", text: "limit of processes and threads (default 512)" },
  { flags: "--health <check>", text: "health check: PATH, URL, tcp:PORT or cmd:COMMAND" },
  { flags: "--health-restart", text: "when the service is unhealthy, restart it as after a crash" },
  { flags: "--wait <seconds>", text: "how long to wait until the service is ready (default 30; 0: do not wait)" },
  { flags: "--sandbox <profile>", text: "standard, strict or off (default standard)", values: ["standard", "strict", "off"] },
  { flags: "--writable <path>", text: "path that the service may also write", repeats: true },
  { flags: "--readable <path>", text: "path that the service may also read", repeats: true },
  { flags: "--require-sandbox", text: "do not run unless the sandbox is effective" },
  { flags: "--require-isolation", text: "do not run unless signals, abstract sockets and limits are isolated" },
  { flags: "--restart <policy>", text: "on-failure, always or no (default on-failure)", values: ["on-failure", "always", "no"] },
  { flags: "--restart-delay <time>", text: "delay before the third start in a row; doubles with each further one, up to 30s (default 1s)" },
  { flags: "--max-restarts <n>", text: "give up after this many restarts (default: never)" },
  { flags: "--stop-timeout <time>", text: "time that the service has to end before it is killed (default 30s)" },
  {
    flags: "--log <where>",
    text: "journal, or file for separate log files, which lose no line (default journal)",
    values: ["journal", "file"],
  },
  { flags: "--no-inject", text: "do not add the health endpoints, the metrics and the graceful stop of bs9 to the app" },
  { flags: "--build", text: "bundle the app first, and report what that gains" },
  { flags: "--force", text: "start the app even if the audit has critical findings" },
  { flags: "--dry-run", text: "show what would be done, and do nothing" },
  { flags: "--no-linger", text: "do not enable lingering, which keeps services running after the logout" },
  { flags: "--reset", text: "start from the defaults instead of the options given before" },
];

export async function startInputOf({ options, rest }: Words, cwd: string): Promise<StartInput> {
  const { env, envRemoved } = variablesOf(options);
  const files = listOf(options, "envFile");
  const name = textOf(options, "name");
  return {
    ...(name === undefined ? {} : { name: checkName(name) }),
    ...(rest === null ? {} : { args: rest.map((word) => withoutNul(word, "an argument")) }),
    port: parsed(options, "port", parsePort),
    env,
    envRemoved,
    envFiles: files.length === 0 ? undefined : await readEnvFiles(files.map((file) => resolve(cwd, file))),
    cwd: parsed(options, "cwd", (text) => resolve(cwd, text)),
    runtime: parsed(options, "runtime", parsers.runtime),
    memoryBytes: parsed(options, "memory", parsers.memoryBytes),
    cpuPercent: parsed(options, "cpu", parsers.cpuPercent),
    files: parsed(options, "files", parsers.files),
    tasks: parsed(options, "tasks", parsers.tasks),
    health: parsed(options, "health", parseHealth),
    healthRestart: flagOf(options, "healthRestart") ? true : undefined,
    waitMs: parsed(options, "wait", parsers.waitMs),
    sandbox: parsed(options, "sandbox", parsers.sandbox),
    writable: pathsOf(options, "writable", cwd),
    readable: pathsOf(options, "readable", cwd),
    requireSandbox: flagOf(options, "requireSandbox") ? true : undefined,
    requireIsolation: flagOf(options, "requireIsolation") ? true : undefined,
    restart: parsed(options, "restart", parsers.restart),
    restartDelayMs: parsed(options, "restartDelay", parsers.restartDelayMs),
    maxRestarts: parsed(options, "maxRestarts", parsers.maxRestarts),
    stopTimeoutMs: parsed(options, "stopTimeout", parsers.stopTimeoutMs),
    log: parsed(options, "log", parseLog),
    inject: options["inject"] === false ? false : undefined,
    build: flagOf(options, "build") ? true : undefined,
    force: flagOf(options, "force") ? true : undefined,
    reset: flagOf(options, "reset"),
  };
}

/** True if an option is given that can change a defined service. */
export function changesSomething(input: StartInput): boolean {
  const { env, envRemoved, reset, ...rest } = input;
  return reset || Object.keys(env).length > 0 || envRemoved.length > 0 || Object.values(rest).some((value) => value !== undefined);
}

function variablesOf(options: OptionValues): { env: Record<string, string>; envRemoved: string[] } {
  const env: Record<string, string> = {};
  const envRemoved: string[] = [];
  for (const pair of listOf(options, "env")) {
    const at = pair.indexOf("=");
    if (at < 1)
      throw usage(`--env must be NAME=VALUE, or NAME= to remove the variable (got ${JSON.stringify(pair)})`, { hint: insteadOf(pair) });
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    delete env[name];
    if (value === "") envRemoved.push(name);
    else env[name] = value;
  }
  for (const [name, value] of Object.entries(env)) checkVariable(name, value);
  return { env, envRemoved };
}

/** Suggests what PM2's users mean: there -e names the file for stderr, and --env a section of the ecosystem file. */
function insteadOf(pair: string): string {
  return /[/.]/.test(pair) ? "bs9 start app.ts --log file" : "bs9 start app.ts --env-file .env.production";
}

function pathsOf(options: OptionValues, name: string, cwd: string): string[] | undefined {
  const paths = listOf(options, name);
  return paths.length === 0 ? undefined : paths.map((path) => resolve(cwd, path));
}
