// Asks the preload of each process of a service that listens on a TCP port whether its event loop runs.
import { heldBy, listeners } from "../../backend/sockets.ts";
import { askPreload, pidsWithSocket, socketId } from "../../injectors/ask.ts";

/** `socket` identifies the socket of the preload: with the pid it names the process. */
type Process = { socket: string; serves: boolean; atMs: number };
type Service = { run: string; processes: Map<number, Process> };

/** A process that serves no port yet is looked at again after this time. */
const lookAgainMs = 30_000;

export class Liveness {
  /**
   * By the directory of the sockets. The table of all TCP connections of the machine tells which processes listen, and it takes
   * long to read on a busy machine, so what it told is kept while the process is the same.
   */
  readonly #services = new Map<string, Service>();
  readonly #listeners: typeof listeners;

  constructor(readListeners = listeners) {
    this.#listeners = readListeners;
  }

  /** Forgets the services with other directories. */
  keep(folders: ReadonlySet<string>): void {
    for (const folder of this.#services.keys()) if (!folders.has(folder)) this.#services.delete(folder);
  }

  /**
   * Null where all processes that listen answer, else a sentence. Other processes of the service, such as one that computes, may
   * be silent for a while. A process without a working preload is not asked: its connection alone decides.
   */
  async of({ run, folder, pids }: { run: string; folder: string; pids: number[] }, timeoutMs: number): Promise<string | null> {
    const endMs = performance.now() + timeoutMs;
    const processes = this.#look(run, folder, pids);
    for (const [pid, process] of processes) {
      if (!process.serves) continue;
      const told = await askPreload(folder, pid, "/healthz", Math.max(1, endMs - performance.now()));
      const trouble = troubleOf(pid, told, timeoutMs);
      if (trouble === null) continue;
      // The process may have closed its port since the table was read.
      process.serves = heldBy([pid], this.#listeners()).length > 0;
      if (process.serves) return trouble;
    }
    return null;
  }

  #look(run: string, folder: string, pids: number[]): Map<number, Process> {
    const before = this.#services.get(folder);
    const known = before?.run === run ? before.processes : new Map<number, Process>();
    const nowMs = performance.now();
    const processes = new Map<number, Process>();
    let all: ReturnType<typeof listeners> | null = null;
    for (const pid of pidsWithSocket(folder, pids)) {
      const socket = socketId(folder, pid);
      const process = known.get(pid);
      if (socket === null) continue;
      if (process?.socket === socket && (process.serves || nowMs - process.atMs < lookAgainMs)) {
        processes.set(pid, process);
        continue;
      }
      all ??= this.#listeners();
      processes.set(pid, { socket, serves: heldBy([pid], all).length > 0, atMs: nowMs });
    }
    this.#services.set(folder, { run, processes });
    return processes;
  }
}

function troubleOf(pid: number, told: Awaited<ReturnType<typeof askPreload>>, timeoutMs: number): string | null {
  if (told === "absent") return null;
  if (told === "silent") return `its process ${pid} does not answer /healthz (timeout after ${Math.round(timeoutMs)} ms)`;
  return told.status >= 400 ? `/healthz of its process ${pid} answers with status ${told.status}` : null;
}
