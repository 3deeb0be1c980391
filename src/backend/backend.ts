// The interface of what runs services, which the systemd user manager and the supervisor of bs9 both implement.
import type { LogQuery, RawLine } from "../logs/query.ts";
import type { Group } from "../metrics/group.ts";
import type { State } from "../metrics/sample.ts";
import type { SandboxProfile, Spec } from "../service/spec.ts";
import type { Directories } from "./directories.ts";
import type { Notice } from "./notice.ts";
import type { Isolation, Limits, Missing, SandboxVerdict } from "./verdict.ts";

export type { Notice, State };

/** What a backend can report and do, so that no backend has to claim more than it can. */
export type Capabilities = {
  /** The kernel enforces limits on the whole service. */
  limits: boolean;
  sandbox: boolean;
  /** Each log line has its own timestamp. */
  logTimes: boolean;
  /** A service that keeps running while the backend is away is taken over with the same pid. */
  adoption: boolean;
  /** The backend knows the exit status of a service that it took over. */
  exitStatus: boolean;
};

/** The part of the state of a service that control groups and /proc show while the backend does not answer. */
export type Glimpse = Omit<Reading, "state"> & { state: "unknown" };

/** One service as the backend sees it now; null for values that the backend cannot report. */
export type Reading = {
  name: string;
  unit: string;
  state: State;
  /** The pid of the main process; null if the source of the reading does not report it. */
  mainPid: number | null;
  restarts: number | null;
  /** How the service last ended, in words; null where it has not ended, or the end is unknown. */
  end: string | null;
  /**
   * Identifies the run that ended with `end`, for a service that does not run: a different run has a different text. Absent where
   * the source of the reading does not report it.
   */
  run?: string;
  /** The processes of the service; null while it has none, or where they are unknown. */
  group: Group | null;
  /** The CPU counter and the time of its reading (performance.now()): the first of two readings that make a rate. */
  cpu: { usec: number | null; atMs: number } | null;
  /** Since when, by the wall clock, the service waits for the nth start in a row (restarts.ts); null where it does not wait. */
  waits: { row: number; sinceMs: number } | null;
  /** The service starts at the next boot. */
  wanted: boolean;
  /** True where only the state could be read: a caller that keeps the reading has to read it again. */
  isStateAlone?: boolean;
};

/**
 * A change that somebody else made to the files that bs9 wrote for a spec. `added` is a unit that names bs9 as its owner but
 * has no spec, `older` is a unit from before an upgrade of bs9, with the sandbox of that version.
 */
export type Foreign = { name: string; kind: "missing" | "edited" | "older" | "added" | "drop-ins"; files: string[] };

/** A change that the backend reports by itself: the new state of a service; null where something else has changed. */
export type Change = {
  name: string;
  state: State | null;
  /** By the wall clock. */
  atMs: number;
  /** The run that the kernel has ended, because it needed more memory than it may use. */
  outOfMemory?: { run: string };
};

export interface Watch {
  /** Resolves when every change that happened before the call has been reported. */
  synced(): Promise<void>;
  close(): void;
}

export type { LogQuery };
export type LogRange = { services: string[]; fromMs: number; toMs: number | null };

export type LogRecord = RawLine;

/** Set in the environment of a bs9 process that acts as the agent. */
export const agentVariable = "BS9_AGENT";

/** Set in the environment of a bs9 process that tells of failed services while no agent runs. */
export const alertVariable = "BS9_ALERT";

/** Which agent a request reaches: the agent of this bs9, the agent of another bs9, or none. */
export type AgentSeen = "own" | "other" | "nobody";

export interface AgentUnit {
  readonly file: string;
  text(): string;
  /**
   * Describes in words the owner of the agent's unit if the unit does not belong to this bs9, because each user has only one
   * agent.
   */
  whose(): "nobody's" | "ours" | { other: string };
  /**
   * Makes the agent run while it is needed, and stop otherwise. Returns a sentence where that fails; services do not depend on
   * the agent.
   */
  keep(isNeeded: boolean, seen: AgentSeen): Promise<string | null>;
}

/** The web server as a separate service. */
export interface WebUnit {
  /** The port of the unit that exists; null if there is none. */
  port(): number | null;
  /** Whether the unit runs; null if there is none. */
  isRunning(): Promise<boolean | null>;
  /** Starts the unit that exists again, as this bs9. */
  restart(): Promise<void>;
  /**
   * Makes `bs9 web` with these words run, now and after each boot. The function that it returns puts the previous unit back and
   * starts it; it resolves to false where there was none. Throws if a unit of that name belongs to somebody else.
   */
  start(words: string[]): Promise<() => Promise<boolean>>;
  /** Stops and removes it; false if there is none. Throws if it belongs to somebody else. */
  stop(): Promise<boolean>;
}

export interface Strangers {
  /** Must be cheap enough for every `status`. */
  changes(defined: string[]): Foreign[];
  /**
   * Keeps manual edits of a unit as a drop-in, restores the unit of bs9, and returns the path of the drop-in; null where the
   * edits change nothing.
   */
  takeOver(spec: Spec): Promise<string | null>;
  /** Stops and removes a unit that names bs9 as its owner but has no spec. */
  discard(name: string): Promise<void>;
  /** The other services of the user, read-only. */
  services(): Promise<Reading[]>;
}

export interface Backend {
  readonly kind: "systemd" | "supervisor";
  readonly capabilities: Capabilities;

  /** Throws if a unit that does not belong to this bs9 has the name of the service. */
  claim(name: string): Promise<void>;
  /**
   * Writes the files that are made from the specs (unit, environment file) and starts nothing. Idempotent. Returns errors by
   * name, so that one bad spec does not keep the others from starting.
   */
  define(specs: Spec[]): Promise<Map<string, unknown>>;
  /** True where the backend has loaded exactly what the spec produces now, including resolved links and the environment. */
  isDefined(spec: Spec): Promise<boolean>;
  /** The text made from the spec, for `--dry-run` and `describe`. */
  unitText(spec: Spec): Promise<string>;
  /** The file with that text. */
  unitFile(name: string): string;
  /** The directory in which the processes of a service make the sockets of the preload. The service writes it: it is hostile. */
  socketFolder(name: string): string;
  undefine(names: string[]): Promise<void>;
  /** The parts of the file system that a process started now would have. Throws the errors that `define` would report. */
  directories(spec: Spec): Promise<Directories>;
  /** The directives of a profile that this host does not provide. */
  withheld(profile: SandboxProfile): Promise<Missing[]>;
  /** The best isolation that a service can get on this host. */
  isolationHere(spec: Spec): Promise<Isolation>;

  /**
   * Clears the restart counter and the start limit, then starts. A service that does not come up is not an error here: reading
   * it afterwards shows its state.
   */
  start(specs: Spec[]): Promise<void>;
  /** Afterwards each service is `inactive`. */
  stop(specs: Spec[]): Promise<void>;
  restart(specs: Spec[]): Promise<void>;
  /**
   * Restarts an unhealthy service as if it had crashed: first it is asked to end, as `stop` does, then the restart is counted,
   * delayed as after a crash, and limited by its start limit. Returns when the restart is requested; does nothing unless the
   * service is active. The log of the service gets `why` it is unhealthy.
   */
  recycle(spec: Spec, why: string): Promise<void>;
  want(names: string[], wanted: boolean): Promise<void>;

  /** One reading per name, in the same order, over one connection. */
  read(names: string[]): Promise<Reading[]>;
  /** Reads services while the backend does not answer; a backend that can read nothing then does not have this method. */
  glimpse?(names: string[]): Glimpse[];
  /** Tells within seconds whether the backend answers; absent on a backend where an ordinary read tells that as fast. */
  answers?(): Promise<boolean>;
  /**
   * Reads units for another process of this user, over the D-Bus connection of this process. Absent on a backend whose
   * connections cost nothing. The backend defines the calls and the answers. Throws where it does not understand a call.
   */
  relayed?(calls: unknown): Promise<unknown[]>;
  /** Reports each change of a service until `onLost`; null where the backend reports no changes and callers have to poll. */
  watch(onChange: (change: Change) => void, onLost: () => void): Promise<Watch | null>;
  /** Checks the live process against its spec; a verdict that was already found for exactly this process is reused. */
  verify(spec: Spec, reading: Reading): Promise<SandboxVerdict>;
  /** The limits that the kernel enforces on the live process; null for limits that are not set or cannot be read. */
  limits(spec: Spec, reading: Pick<Reading, "mainPid" | "group">): Limits;
  /**
   * Runs a shell command to its end under the conditions of the service: its environment, directory and sandbox, because the
   * command may execute files that the service has written. Its output is discarded.
   */
  runBeside(spec: Spec, command: string, timeoutMs: number): Promise<{ exitCode: number; timedOut: boolean }>;
  /** What prevents log lines from being kept now; with a range also which lines are missing in it, which may take two seconds. */
  logNotices(range: LogRange | null, signal: AbortSignal): Promise<Notice[]>;
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogRecord>;
  /** The agent as a separate service; null where it is part of the supervisor. */
  readonly agent: AgentUnit | null;
  /** Absent where no service can be made of the web server. */
  readonly web?: WebUnit;
  /** The services and changes of others on the same backend; null where others cannot have any. */
  readonly strangers: Strangers | null;
  /** Makes services outlive the session; returns a sentence where that fails. */
  linger(): Promise<string | null>;
  close(): void;
}
