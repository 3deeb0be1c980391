// Runs programs for the tests: to their end, or in the background.
import { readFileSync } from "node:fs";

const defaultTimeoutMs = 180_000;

export type RunOptions = {
  timeoutMs?: number;
  /** The stdin of the program; empty by default. */
  input?: string | Uint8Array;
  /** Added to the bare environment of a login; undefined removes a variable. */
  env?: Record<string, string | undefined>;
};

export type Outcome = { code: number; stdout: string; stderr: string };

/** A program that keeps running inside a lab, such as `bs9 logs -f`. */
export type Running = {
  /** The output so far. */
  stdout(): string;
  stderr(): string;
  /** Sends a signal to the program itself, not to nsenter(1) before it. */
  kill(name: NodeJS.Signals): void;
  exited: Promise<number>;
};

/** Runs a program of this machine to its end; after its time limit, the program and its children are killed, and this throws. */
export async function run(argv: string[], options: RunOptions = {}): Promise<Outcome> {
  const { timeoutMs = defaultTimeoutMs, input } = options;
  const child = Bun.spawn(argv, {
    stdin: input === undefined ? "ignore" : typeof input === "string" ? new TextEncoder().encode(input) : input,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...options.env },
    detached: true,
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    // The program that nsenter(1) started in a lab is killed first, so that nsenter reaps it; the rest of the group a moment
    // later.
    signal(childOf(child.pid) ?? child.pid, "SIGKILL");
    setTimeout(() => signal(-child.pid, "SIGKILL"), 500);
  }, timeoutMs);
  const [code, stdout, stderr] = await Promise.all([child.exited, new Response(child.stdout).text(), new Response(child.stderr).text()]);
  clearTimeout(timer);
  if (timedOut) throw new Error(`not done after ${timeoutMs} ms: ${argv.join(" ")}\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}

/** Returns the outcome if the program ended with 0, and otherwise throws its output. */
export function succeed(outcome: Outcome, what: string): Outcome {
  if (outcome.code !== 0) throw new Error(`${what} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}

/** Starts a program and returns at once. */
export function running(argv: string[]): Running {
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  return {
    stdout: gather(child.stdout),
    stderr: gather(child.stderr),
    kill: (name) => signal(childOf(child.pid) ?? child.pid, name),
    exited: child.exited,
  };
}

function gather(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  const read = async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  read().catch(() => {}); // the reader of a killed program; what it wrote is there
  return () => text;
}

/** The first child of a process, or undefined where it has none or has ended. */
function childOf(pid: number): number | undefined {
  try {
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0];
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended
  }
}

/** The words that change the environment for the command after them. */
export function withEnv(env: RunOptions["env"]): string[] {
  if (env === undefined) return [];
  const entries = Object.entries(env);
  const taken = entries.flatMap(([key, value]) => (value === undefined ? ["-u", key] : []));
  const given = entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return ["env", ...taken, ...given];
}
