// Runs a program to its end, with limits on its time and its output.
import { failed } from "./errors.ts";

export type ExecOptions = {
  timeoutMs: number;
  /** The limit for stdout and for stderr; a program that prints more is killed. */
  maxBytes?: number;
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** The program is bs9 itself and acts as Bun. */
  asBun?: boolean;
  /** If this AbortSignal is aborted, the program is killed as after the timeout. */
  signal?: AbortSignal;
};

export type ExecResult = {
  exitCode: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
};

const defaultMaxBytes = 16 * 1024 * 1024;

/**
 * Runs `argv` without a shell and waits for its end. Throws only when the program cannot be started; after the timeout the
 * program is killed and `timedOut` is true.
 */
export async function exec(argv: string[], options: ExecOptions): Promise<ExecResult> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    child = Bun.spawn(argv, {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...cleanEnv(options.env ?? process.env), ...(options.asBun ? { BUN_BE_BUN: "1" } : {}) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      killSignal: "SIGKILL",
      maxBuffer: maxBytes,
      // A separate process group, so that its children are killed with it: a child of a shell would keep the pipes open.
      detached: true,
    });
  } catch (error) {
    throw failed(`cannot run ${argv[0]}: it is missing or cannot be executed`, { cause: error });
  }
  let timedOut = false;
  const end = () => {
    timedOut = true;
    endGroup(child.pid);
  };
  const timer = setTimeout(end, options.timeoutMs);
  options.signal?.addEventListener("abort", end);
  try {
    const [stdout, stderr, exitCode] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr, timedOut };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The program has just ended by itself.
  }
}

/** Bun reads these two variables before anything else; they must not change how child processes run. */
export function cleanEnv(env: Record<string, string | undefined>): Record<string, string | undefined> {
  const { BUN_OPTIONS: _options, BUN_BE_BUN: _beBun, ...rest } = env;
  return rest;
}
