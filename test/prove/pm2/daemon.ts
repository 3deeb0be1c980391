// A resident process as the kernel sees it: its memory and CPU time; and bs9's supervisor with its own home directory.
import { readFileSync } from "node:fs";
import { callWith } from "./call.ts";

const ticksPerSec = 100;

export type Memory = { rssMb: number; pssMb: number; ownMb: number };

export function memoryOf(pid: number): Memory {
  const mb = (file: string, field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/${file}`, "utf8"))?.[1]) / 1024;
  return { rssMb: mb("status", "VmRSS"), pssMb: mb("smaps_rollup", "Pss"), ownMb: mb("status", "RssAnon") };
}

/** The CPU seconds that the process has used so far. */
export function cpuSecOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSec;
}

export const pm2Pid = (): number => Number(readFileSync(`${process.env["HOME"]}/.pm2/pm2.pid`, "utf8"));

export class Supervisor {
  readonly env: Record<string, string>;
  #child: Bun.Subprocess | null = null;

  constructor(folder: string) {
    this.env = { BS9_BACKEND: "supervisor", BS9_HOME: `${process.env["HOME"]}/${folder}` };
  }

  call(...words: string[]): ReturnType<typeof callWith> {
    return callWith(this.env, "bs9", ...words);
  }

  /** Runs bs9 in the foreground, with the services of the given project file, or without a file with those that were started before. */
  run(...words: string[]): void {
    this.#child = Bun.spawn(["bs9", "run", ...words, "--port", "0"], {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "ignore", "ignore"],
    });
  }

  get pid(): number {
    if (this.#child === null) throw new Error("the supervisor has not been started");
    return this.#child.pid;
  }

  async end(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.exited;
  }
}
