// The Backend without systemd: sends requests to the supervisor over its socket, and reads /proc and the log files itself.
import { existsSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import type { Backend, Capabilities, Change, LogQuery, LogRange, LogRecord, Notice, Reading, Watch } from "../backend/backend.ts";
import { type Directories, directoriesOf } from "../backend/directories.ts";
import type { Kernel } from "../backend/isolation.ts";
import { limitsInForce } from "../backend/limits.ts";
import { narrowedOf } from "../backend/narrowed.ts";
import { Neighbours } from "../backend/neighbours.ts";
import { unreadLogs } from "../backend/unread-logs.ts";
import type { Isolation, Limits, Missing, SandboxVerdict } from "../backend/verdict.ts";
import { noBackend } from "../base/errors.ts";
import { writeWhole } from "../base/files.ts";
import { type Paths, resolvedPath } from "../base/paths.ts";
import { readProc, statusField } from "../base/proc.ts";
import { type Sessions, sessions } from "../base/sessions.ts";
import { shellWord } from "../base/text.ts";
import { readEvents } from "../logs/events.ts";
import { logsFolder } from "../logs/store/place.ts";
import { readLogs } from "../logs/store/read.ts";
import { type LogReader, together } from "../logs/together.ts";
import { difference, needsRestart } from "../service/plan.ts";
import type { SandboxProfile, Spec } from "../service/spec.ts";
import { type Asker, Client, ownProgram } from "./client.ts";
import { type ServiceReport, type ServiceRequest, supervisorLogFile } from "./control.ts";
import { isolationHere, isolationOf } from "./isolation.ts";
import { lackOf } from "./lacks.ts";
import { landlockVersion } from "./landlock.ts";
import { askerOf, type SupervisorLink, watchFrom } from "./link.ts";
import { supervisorStrangers } from "./older.ts";
import { runPlanOnce } from "./once.ts";
import { besidePlan, openedFor, type Plan, planHash, planOf, withSystem } from "./plan.ts";
import { isLauncher, readingOf } from "./reading.ts";
import { isAlive, Records } from "./record.ts";
import { socketFolder } from "./sockets.ts";

const askMs = 20_000;
const marginMs = 30_000;
/** The number of supervisors that one command may start, each after the previous one has died. */
const maxBroughtUp = 3;

export class SupervisorBackend implements Backend {
  readonly kind = "supervisor";
  // bs9 reports for each service whether a limit is in force, because limits need a cgroup and not every machine offers one.
  readonly capabilities: Capabilities = { limits: false, sandbox: false, logTimes: false, adoption: true, exitStatus: false };
  readonly strangers: Backend["strangers"];
  readonly agent = null;
  readonly #paths: Paths;
  readonly #records: Records;
  readonly #neighbours: Neighbours;
  readonly #asker: Asker;
  readonly #link: SupervisorLink | null;
  readonly #landlock = landlockVersion();
  readonly #program: string;

  /** `link` is set where the supervisor runs in this process. */
  constructor(paths: Paths, { program = ownProgram, link = null }: { program?: string; link?: SupervisorLink | null } = {}) {
    this.#paths = paths;
    this.#program = program;
    this.#records = new Records(paths.state);
    this.strangers = supervisorStrangers(this.#records);
    this.#neighbours = new Neighbours(paths);
    this.#link = link;
    this.#asker = link === null ? new Client(paths, program) : askerOf(link);
  }

  async claim(): Promise<void> {}

  async define(specs: Spec[]): Promise<Map<string, unknown>> {
    const troubles = new Map<string, unknown>();
    const derived = specs.flatMap((spec) => {
      try {
        const plan = this.#plan(spec);
        return [{ spec, derived: planHash(plan), plan }];
      } catch (error) {
        troubles.set(spec.name, error);
        return [];
      }
    });
    if (derived.length > 0) await this.#act({ act: "define", specs: derived }, askMs);
    return troubles;
  }

  async isDefined(spec: Spec): Promise<boolean> {
    const record = this.#records.get(spec.name);
    // Fields that only commands and the agent use do not change the running process.
    return record !== null && !needsRestart(difference(record.spec, spec)) && record.derived === planHash(this.#plan(spec));
  }

  async unitText(spec: Spec): Promise<string> {
    const { env, ...plan } = withSystem(this.#plan(spec), this.#paths);
    return `${JSON.stringify({ ...plan, env: Object.keys(env) }, null, 2)}\n`;
  }

  unitFile = (name: string): string => this.#records.file(name);

  socketFolder = (name: string): string => socketFolder(this.#paths.state, name);

  async directories(spec: Spec): Promise<Directories> {
    return directoriesOf(
      spec,
      openedFor(spec, this.#paths, this.#neighbours).opening,
      this.#landlock > 0 ? "landlock" : "none",
      this.#paths,
    );
  }

  async undefine(names: string[]): Promise<void> {
    await this.#act({ act: "forget", names }, this.#stopMs(names));
  }

  withheld = async (profile: SandboxProfile): Promise<Missing[]> => lackOf(profile, this.#landlock);

  async isolationHere(spec: Spec): Promise<Isolation> {
    return isolationHere(spec, this.#kernel);
  }

  start(specs: Spec[]): Promise<void> {
    return this.#move("start", specs);
  }

  stop(specs: Spec[]): Promise<void> {
    return this.#move("stop", specs);
  }

  restart(specs: Spec[]): Promise<void> {
    return this.#move("restart", specs);
  }

  async recycle({ name }: Spec, why: string): Promise<void> {
    await this.#act({ act: "recycle", names: [name], why }, askMs);
  }

  async want(names: string[], wanted: boolean): Promise<void> {
    await this.#act({ act: "want", names, wanted }, askMs);
  }

  /** If the supervisor has died, a new supervisor is started only if a service should be running. */
  async read(names: string[]): Promise<Reading[]> {
    const told = await this.#act({ act: "read", names }, askMs, () => this.#records.names().some((name) => this.#isToBeUp(name)));
    const known = new Map(told.map((one) => [one.name, one]));
    // Sessions are read only when needed, because that reads every process of the machine.
    let seen: Sessions | null = null;
    const now = () => {
      seen ??= sessions();
      return seen;
    };
    return names.map((name) => readingOf(name, known.get(name) ?? this.#remembered(name), now));
  }

  async watch(onChange: (change: Change) => void): Promise<Watch | null> {
    return this.#link === null ? null : watchFrom(this.#link, onChange);
  }

  async verify(spec: Spec, { mainPid }: Reading): Promise<SandboxVerdict> {
    // A launcher applies the sandbox step by step, and is not the service yet.
    const isSetUp = mainPid !== null && !isLauncher(mainPid);
    const held = isSetUp ? statusField(readProc(`${mainPid}/status`) ?? "", "NoNewPrivs") : null;
    if (held === null) return { verdict: "unknown", verified: [], probed: [], missing: [] };
    const verified = held === "1" ? ["NoNewPrivileges"] : [];
    const missing = lackOf(spec.sandbox.profile, this.#landlock, narrowedOf(resolvedPath(spec.root), this.#paths));
    const isolation = await isolationOf(mainPid ?? 0, spec, {
      paths: this.#paths,
      program: this.#program,
      kernel: this.#kernel,
      plan: () => this.#plan(spec),
    });
    if (spec.sandbox.profile === "off" || this.#landlock === 0 || held !== "1")
      return { verdict: "off", verified, probed: [], missing, isolation };
    // Landlock rules of a process are not visible. The launcher never executes a program that it could not restrict (launch.ts).
    return { verdict: "partial", verified, probed: ["Landlock"], missing, isolation };
  }

  limits(spec: Spec, { mainPid, group }: Reading): Limits {
    return limitsInForce(spec, mainPid, group?.kind === "cgroup" ? group.folder : null);
  }

  runBeside(spec: Spec, command: string, timeoutMs: number): Promise<{ exitCode: number; timedOut: boolean }> {
    return runPlanOnce(besidePlan(withSystem(this.#plan(spec), this.#paths), command), timeoutMs, this.#program);
  }

  async logNotices(range: LogRange | null): Promise<Notice[]> {
    return range === null ? [] : unreadLogs(logsFolder(this.#paths.state), range.services);
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogRecord> {
    const { state } = this.#paths;
    const events: LogReader = (asked, ends) => readEvents(state, asked, ends);
    const own: LogReader = (asked, ends) => readLogs(logsFolder(state), asked, ends);
    return together(query.eventsOnly === true ? [events] : [own, events], query, signal);
  }

  /** The sentence is returned only once, because the next start of a service changes nothing about it. */
  async linger(): Promise<string | null> {
    // In a container whose init is `bs9 run`, services already start with the container.
    if (readProc("1/cmdline")?.split("\0")[1] === "run") return null;
    const told = join(this.#paths.state, "told-of-boot");
    if (existsSync(told)) return null;
    writeWhole(told, "", 0o600);
    return "nothing starts services at boot on this machine; to start them at boot, let its init run: bs9 run";
  }

  close(): void {}

  async #move(act: "start" | "stop" | "restart", specs: Spec[]): Promise<void> {
    const names = specs.map(({ name }) => name);
    await this.#act({ act, names }, this.#stopMs(names));
  }

  /** Starts a supervisor if none runs and `isNeeded`, and asks again. Throws where each one dies before it answers. */
  async #act(request: ServiceRequest, timeoutMs: number, isNeeded = () => true): Promise<ServiceReport[]> {
    for (let died = 0; ; died++) {
      const told = await this.#asker.ask(request, timeoutMs);
      if (told !== null) return told;
      if (!isNeeded()) return [];
      const hint = `tail ${shellWord(supervisorLogFile(this.#paths.state))}`;
      if (died > maxBroughtUp) throw noBackend(`the supervisor ended ${died} times before it answered`, { hint });
      await this.#asker.bringUp();
    }
  }

  #stopMs(names: string[]): number {
    return marginMs + Math.max(0, ...names.map((name) => this.#records.get(name)?.spec.stopTimeoutMs ?? 0));
  }

  get #kernel(): Kernel {
    return { release: release(), landlock: this.#landlock };
  }

  #plan = (spec: Spec): Plan => planOf(spec, this.#paths, this.#landlock > 0, this.#neighbours);

  #isToBeUp(name: string): boolean {
    const record = this.#records.get(name);
    return record !== null && (record.wanted || record.process !== null);
  }

  /** The state from the record on disk where no supervisor runs: of a process it shows only whether it is alive. */
  #remembered(name: string): ServiceReport | null {
    const record = this.#records.get(name);
    if (record === null) return null;
    const { process: main, cgroup, restarts, end, wanted, derived, state } = record;
    const lives = main !== null && isAlive(main);
    const now = lives
      ? { state: "active" as const, mainPid: main.pid }
      : { state: state === "failed" ? state : ("inactive" as const), mainPid: null };
    return { name, ...now, cgroup, restarts, end, waits: null, wanted, derived };
  }
}
