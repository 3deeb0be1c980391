// Programs that the tests run: to their end, or on and on.
import { readFileSync } from "node:fs";

const defaultTimeoutMs = 180_000;

export type RunOptions = {
  timeoutMs?: number;
  /** What the program reads on stdin; nothing by default. */
  input?: string | Uint8Array;
  /** Added to the bare environment of a login; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
};

export type Outcome = { code: number; stdout: string; stderr: string };

/** A program that runs on inside a lab, such as `bs9 logs -f`. */
export type Running = {
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Sends a signal to the program itself, not to nsenter(1) in front of it. */
  kill(name: NodeJS.Signals): void;
  exited: Promise<number>;
};

/** Runs a program of this machine to its end; when its time is over, it and its children are killed and this throws. */
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
    // What nsenter(1) brought into a lab goes first, so that nsenter reaps it; the rest of the group a moment later.
    signal(childOf(child.pid) ?? child.pid, "SIGKILL");
    setTimeout(() => signal(-child.pid, "SIGKILL"), 500);
  }, timeoutMs);
  const [code, stdout, stderr] = await Promise.all([child.exited, new Response(child.stdout).text(), new Response(child.stderr).text()]);
  clearTimeout(timer);
  if (timedOut) throw new Error(`not done after ${timeoutMs} ms: ${argv.join(" ")}\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}

/** Returns the outcome when the program ended with 0, and throws what it said otherwise. */
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

/** The first child of a process, or undefined where it has none or is gone. */
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

/** The words that change the environment for the command behind them. */
export function withEnv(env: RunOptions["env"]): string[] {
  if (env === undefined) return [];
  const entries = Object.entries(env);
  const taken = entries.flatMap(([key, value]) => (value === undefined ? ["-u", key] : []));
  const given = entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return ["env", ...taken, ...given];
}
