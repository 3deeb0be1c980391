// Runs a program that the user has configured for alerts, in the sandbox of the profile `strict`.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { failed } from "../base/errors.ts";
import { writeWhole } from "../base/files.ts";
import { type Paths, resolvedPath } from "../base/paths.ts";
import { randomHex } from "../base/random.ts";
import { shellWord } from "../base/text.ts";
import type { Spec } from "../service/spec.ts";

/** The name is reserved, so that no service has it. */
const programName = "bs9-alert-command";
/** A fixed PATH, so that the same program is found from a shell and from the agent. */
const searchPath = "/usr/local/bin:/usr/bin:/bin";
const inputPrefix = "input-";
/** No program runs for longer. */
const leftoverMs = 10 * 60_000;
const limits = { memoryBytes: 256 * 1024 * 1024, cpuPercent: null, files: 1024, tasks: 64 };

export type ProgramRun = { exitCode: number; timedOut: boolean };

/**
 * Runs the program with `input` on its standard input. It can read the directory that it is in and the system, and can write nothing
 * but its own temporary files. Throws where it does not exist.
 */
export async function runProgram(
  argv: readonly string[],
  input: string,
  timeoutMs: number,
  { backend, paths }: { backend: Pick<Backend, "runBeside">; paths: Pick<Paths, "state"> },
): Promise<ProgramRun> {
  const [name = "", ...args] = argv;
  const program = isAbsolute(name) ? name : Bun.which(name, { PATH: searchPath });
  if (program === null || !(await Bun.file(program).exists()))
    throw failed(`${name} does not exist${isAbsolute(name) ? "" : ` in ${searchPath}`}`, { hint: "give the absolute path of the program" });
  // The sandbox hides the directories of bs9, so the file is opened for the program by its path.
  const file = join(paths.state, "alerts", `${inputPrefix}${randomHex(8)}.json`);
  sweepInputs(dirname(file));
  writeWhole(file, input, 0o600, false);
  try {
    const spec = specOf(resolvedPath(program), args, file);
    return await backend.runBeside(spec, `exec ${[spec.entry.path, ...args].map(shellWord).join(" ")} <${shellWord(file)}`, timeoutMs);
  } finally {
    rmSync(file, { force: true });
  }
}

/** Removes the files that a killed bs9 has left behind. */
function sweepInputs(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    const stat = name.startsWith(inputPrefix) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (stat !== undefined && Date.now() - stat.mtimeMs > leftoverMs) rmSync(path, { force: true });
  }
}

function specOf(path: string, args: string[], file: string): Spec {
  const root = dirname(path);
  return {
    version: 1,
    name: programName,
    entry: { kind: "executable", path },
    args,
    root,
    cwd: root,
    runtime: { kind: "none" },
    build: null,
    force: false,
    port: null,
    env: {},
    envFiles: [],
    envRemoved: [],
    path: searchPath,
    limits,
    health: null,
    healthRestart: false,
    waitMs: 0,
    sandbox: { profile: "strict", writable: [], readable: [file], required: false },
    restart: { policy: "no", delayMs: 0, max: null },
    stopTimeoutMs: 1000,
    log: "journal",
  };
}
