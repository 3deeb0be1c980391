// What runs services: the interface that the systemd user manager and bs9's own supervisor both fulfil.
import type { LogQuery, RawLine } from "../logs/query.ts";
import type { Group } from "../metrics/group.ts";
import type { State } from "../metrics/sample.ts";
import type { SandboxProfile, Spec } from "../service/spec.ts";
import type { Directories } from "./directories.ts";
import type { Notice } from "./notice.ts";
import type { Isolation, Limits, Missing, SandboxVerdict } from "./verdict.ts";

export type { Notice, State };

/** What a backend can say and do, so that nobody has to claim more than is so. */
export type Capabilities = {
  /** Limits are kept by the kernel on the whole service. */
  limits: boolean;
  sandbox: boolean;
  /** Each log line has a time of its own. */
  logTimes: boolean;
  /** A service that runs on while the backend is away is taken over with the same pid. */
  adoption: boolean;
  /** How it ends is known even then. */
  exitStatus: boolean;
};

/** What can be seen of a service while its backend does not answer. */
export type Glimpse = Omit<Reading, "state"> & { state: "unknown" };

/** One service as the backend sees it now; null where it cannot tell. */
export type Reading = {
  name: string;
  unit: string;
  state: State;
  /** Null where the backend was reached by a way that does not tell it. */
  mainPid: number | null;
  restarts: number | null;
  /** How it last ended, in words; null where it did not, or nobody knows. */
  end: string | null;
  /** Its processes; null while it has none, or where they cannot be told. */
  group: Group | null;
  /** What its CPU counter said, and when (performance.now()): the first of two readings that make a rate. */
  cpu: { usec: number | null; atMs: number } | null;
  /** It waits since then, by the wall clock, for the start that is the nth of a row (backoff.ts); null where it does not wait. */
  waits: { row: number; sinceMs: number } | null;
  /** Wanted at the next boot. */
  wanted: boolean;
  /** True where it was read by a way that tells the state alone: whoever keeps it is to read it again. */
  isStateAlone?: boolean;
};

/**
 * What somebody other than this bs9 did to what a spec is derived into: `added` is a unit with our mark and no spec, `older`
 * the unit of a bs9 before an upgrade, with the sandbox of that time.
 */
export type Foreign = { name: string; kind: "missing" | "edited" | "older" | "added" | "drop-ins"; files: string[] };

/** Told without a question: what became of a service; a state of null: something else of it has changed. */
export type Change = { name: string; state: State | null /** By the wall clock. */; atMs: number };

export interface Watch {
  /** Resolves when all that happened before the call has been told. */
  synced(): Promise<void>;
  close(): void;
}

export type { LogQuery };
export type LogRange = { services: string[]; fromMs: number; toMs: number | null };

export type LogRecord = RawLine;

/** In the environment of a bs9 that is to be the agent. */
export const agentVariable = "BS9_AGENT";

/** Who answers: the agent of this bs9, one of another, or nobody. */
export type AgentSeen = "own" | "other" | "nobody";

export interface AgentUnit {
  readonly file: string;
  text(): string;
  /** Whose unit of its name there is, in words where it is somebody else's: one user has one agent. */
  whose(): "nobody's" | "ours" | { other: string };
  /**
   * Has the agent run while it is needed, and not otherwise. A sentence where it cannot: services need it for nothing.
   */
  keep(isNeeded: boolean, seen: AgentSeen): Promise<string | null>;
}

export interface Strangers {
  /** Cheap enough for every `status`. */
  changes(defined: string[]): Foreign[];
  /** Keeps what was edited in the derived text as a drop-in beside ours, and returns its file; null where the edit says the same. */
  takeOver(spec: Spec): Promise<string | null>;
  /** Stops and removes what has our mark and no spec. */
  discard(name: string): Promise<void>;
  /** The user's other services, read-only. */
  services(): Promise<Reading[]>;
}

export interface Backend {
  readonly kind: "systemd" | "supervisor";
  readonly capabilities: Capabilities;

  /** Throws where the name belongs to somebody else. */
  claim(name: string): Promise<void>;
  /**
   * Makes what the specs are derived into (unit, environment file); nothing is started. Idempotent.
   * Returns what went wrong by name, so that one bad spec does not keep the others from starting.
   */
  define(specs: Spec[]): Promise<Map<string, unknown>>;
  /** True where what the spec is derived into now, links and environment included, is what the backend has loaded. */
  isDefined(spec: Spec): Promise<boolean>;
  /** The derived text for `--dry-run` and `describe`. */
  unitText(spec: Spec): Promise<string>;
  /** Where that text lives. */
  unitFile(name: string): string;
  undefine(names: string[]): Promise<void>;
  /** What of the file system a process of the service that is started now would have. Throws what `define` would report. */
  directories(spec: Spec): Promise<Directories>;
  /** What of a profile this host does not give. */
  withheld(profile: SandboxProfile): Promise<Missing[]>;
  /** The isolation that a service gets on this host at best. */
  isolationHere(spec: Spec): Promise<Isolation>;

  /**
   * Starts from a clean slate: restart counter and start limit are forgotten first.
   * A service that does not come up is no error here: reading it tells.
   */
  start(specs: Spec[]): Promise<void>;
  /** Afterwards each is `inactive`. */
  stop(specs: Spec[]): Promise<void>;
  restart(specs: Spec[]): Promise<void>;
  /**
   * Has a service that is not well come up again as after a crash: asked to end first, as `stop` does, counted among its
   * restarts, with the delay of a crash, and within its start limit. Returns when it is asked for; does nothing unless it is up.
   * `why` it is not well is said in its log.
   */
  recycle(spec: Spec, why: string): Promise<void>;
  want(names: string[], wanted: boolean): Promise<void>;

  /** One answer a name, in order, over one connection. */
  read(names: string[]): Promise<Reading[]>;
  /** What can be seen of services while nothing answers; absent where that is nothing. */
  glimpse?(names: string[]): Glimpse[];
  /** Whether what runs the services answers, within seconds; absent where a read tells it as fast. */
  answers?(): Promise<boolean>;
  /** Tells of each change of a service, until `onLost`; null where nobody tells, and who wants to know has to ask. */
  watch(onChange: (change: Change) => void, onLost: () => void): Promise<Watch | null>;
  /** Checks the live process against what its spec declares; a verdict already found for this very process is kept. */
  verify(spec: Spec, reading: Reading): Promise<SandboxVerdict>;
  /** Which limits the kernel keeps for the live process; null for those that are not set or cannot be seen. */
  limits(spec: Spec, reading: Pick<Reading, "mainPid" | "group">): Limits;
  /**
   * Runs a shell command to its end as the service itself would run: its environment, folder and sandbox, for what it
   * executes may be what the service has written. Its output is lost.
   */
  runBeside(spec: Spec, command: string, timeoutMs: number): Promise<{ exitCode: number; timedOut: boolean }>;
  /** What stands in the way of log lines now; with a range also what is missing in it, which may take two seconds. */
  logNotices(range: LogRange | null, signal: AbortSignal): Promise<Notice[]>;
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogRecord>;
  /** The agent as a service of its own; null where it is part of what runs the services. */
  readonly agent: AgentUnit | null;
  /** What others than bs9 have there; null where nobody else can have anything. */
  readonly strangers: Strangers | null;
  /** Makes services outlive the session; a sentence where it could not. */
  linger(): Promise<string | null>;
  close(): void;
}
