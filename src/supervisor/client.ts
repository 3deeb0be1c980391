// The client side of the control socket: sends requests to the supervisor, and starts one where none runs.
import { closeSync, openSync, statSync, truncateSync } from "node:fs";
import * as v from "valibot";
import { ask } from "../base/channel/ask.ts";
import { failed, noBackend } from "../base/errors.ts";
import { cleanEnv } from "../base/exec.ts";
import { makeFolder, readIfThere } from "../base/files.ts";
import type { Paths } from "../base/paths.ts";
import { harmless, shellWord } from "../base/text.ts";
import {
  ControlAnswer,
  controlChannel,
  lockFile,
  type ServiceReport,
  type ServiceRequest,
  sideOf,
  supervisorLogFile,
  Versioned,
} from "./control.ts";

/** The executable of the running bs9, to start it again: the running file itself, even where it was replaced or deleted. */
export const ownProgram = "/proc/self/exe";

/** Set in the environment of a supervisor that a command has started. */
export const backgroundVariable = "BS9_BACKGROUND";

const upWithinMs = 10_000;
const maxLogBytes = 1024 * 1024;

/** Sends a request to the supervisor, through the socket or within the same process. */
export interface Asker {
  /**
   * Sends a request to the supervisor. Null if no supervisor runs. Throws the error that the supervisor answers, or an error if
   * a running supervisor does not answer.
   */
  ask(request: ServiceRequest, timeoutMs: number): Promise<ServiceReport[] | null>;
  /** Resolves once a supervisor has answered, or the supervisor that was started has been killed. */
  bringUp(): Promise<void>;
}

export class Client implements Asker {
  readonly #paths: Paths;
  readonly #program: string;

  constructor(paths: Paths, program: string) {
    this.#paths = paths;
    this.#program = program;
  }

  async ask(request: ServiceRequest, timeoutMs: number): Promise<ServiceReport[] | null> {
    const { state } = this.#paths;
    const late = () =>
      noBackend(`the supervisor did not answer within ${timeoutMs / 1000} s`, { hint: `tail ${shellWord(supervisorLogFile(state))}` });
    const text = await ask(sideOf(state), request, { timeoutMs, late, lock: lockFile(state) });
    if (text === null) return null;
    const said = parsedOf(text);
    const { protocol: theirs, pid } = v.parse(Versioned, said);
    if (theirs !== controlChannel.protocol)
      throw noBackend(`the running supervisor (pid ${pid}) is from another version of bs9; its services keep running if it is killed`, {
        hint: `kill -9 ${pid}; bs9 status`,
      });
    const answer = v.parse(ControlAnswer, said);
    if ("error" in answer) throw failed(`the supervisor refuses: ${harmless(answer.error)}`);
    return answer.told;
  }

  /** Starts a supervisor in its own session, and waits until it answers. */
  async bringUp(): Promise<void> {
    const { state } = this.#paths;
    makeFolder(state);
    const file = supervisorLogFile(state);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) truncateSync(file, 0);
    const before = readIfThere(file)?.length ?? 0;
    const log = openSync(file, "a", 0o600);
    const child = Bun.spawn([this.#program, "run", "--port", "0"], {
      // The environment of this terminal is not inherited, except the variables that identify the user and the directories.
      env: { ...kept(cleanEnv(process.env)), BS9_BACKEND: "supervisor", [backgroundVariable]: "1" },
      stdio: ["ignore", log, log],
      cwd: "/",
      detached: true,
    });
    child.unref();
    closeSync(log);
    const beganMs = performance.now();
    for (let waitedMs = 0; waitedMs < upWithinMs; waitedMs = performance.now() - beganMs) {
      await Bun.sleep(20);
      if ((await this.ask({ act: "read", names: [] }, upWithinMs)) !== null) return;
      // The supervisor was killed from outside: the caller decides whether to start another one.
      if (child.signalCode !== null) return;
      // Another command may have started a supervisor first, and that one serves as well.
      if (child.exitCode !== null && waitedMs > 3000) break;
    }
    const lines = (readIfThere(file) ?? "").slice(before).split("\n");
    const said = lines.findLast((line) => line.startsWith("error: "))?.slice("error: ".length);
    throw noBackend(`the supervisor does not start${said === undefined ? "" : `: ${harmless(said)}`}`, {
      hint: `tail ${shellWord(file)}`,
    });
  }
}

function kept(env: Record<string, string | undefined>): Record<string, string | undefined> {
  const names = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "LANG",
    "TZ",
    "BS9_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
  ];
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw noBackend("the supervisor ended while it was answering, so its answer is incomplete", { hint: "bs9 status", cause: error });
  }
}
