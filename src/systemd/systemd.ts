// The Backend on the systemd user manager: units, acts through systemctl, reads over the bus.

import { join } from "node:path";
import type { AgentSocket } from "../backend/agent-socket.ts";
import type {
  AgentUnit,
  Backend,
  Capabilities,
  Change,
  Glimpse,
  LogQuery,
  LogRange,
  LogRecord,
  Reading,
  Strangers,
  Watch,
  WebUnit,
} from "../backend/backend.ts";
import { isBooted } from "../backend/detect.ts";
import type { Directories } from "../backend/directories.ts";
import { limitsInForce } from "../backend/limits.ts";
import { Neighbours } from "../backend/neighbours.ts";
import type { Notice } from "../backend/notice.ts";
import { noteUnhealthy } from "../backend/unhealthy-line.ts";
import type { Isolation, Limits, Missing, SandboxVerdict } from "../backend/verdict.ts";
import { noBackend } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { SandboxProfile, Spec } from "../service/spec.ts";
import { runUnitOnce, sweepChecks } from "./bus/beside.ts";
import { Connection } from "./bus/connection.ts";
import { Jobs } from "./bus/jobs.ts";
import { ensureLinger } from "./bus/linger.ts";
import { type Loaded, readLoaded } from "./bus/loaded.ts";
import { reachUserManager, type UserManager } from "./bus/reach.ts";
import { firstLook, glimpseOf, readOverBus, readOverSystemctl } from "./bus/read.ts";
import { answerCalls, relayThrough } from "./bus/relay.ts";
import { Systemctl } from "./bus/systemctl.ts";
import { watchUnits } from "./bus/watch.ts";
import { logNotices, serviceLogs } from "./journal/service-logs.ts";
import { HostProfiles } from "./sandbox/host-profiles.ts";
import { Verifier } from "./sandbox/verifier.ts";
import { agentUnit } from "./unit/agent-unit.ts";
import { delayUnitName, unitName, unitsOf } from "./unit/names.ts";
import { OwnUnits } from "./unit/own-units.ts";
import { claimUnits, type Owner } from "./unit/ownership.ts";
import { removeStarts, socketsPath } from "./unit/starts.ts";
import { UnitsOfOthers } from "./unit/units-of-others.ts";
import { wantUnits } from "./unit/wants.ts";
import { webUnit } from "./unit/web-unit.ts";

export class SystemdBackend implements Backend {
  readonly kind = "systemd";
  readonly capabilities: Capabilities = { limits: true, sandbox: true, logTimes: true, adoption: true, exitStatus: true };

  readonly strangers: Strangers;
  readonly agent: AgentUnit;
  readonly web: WebUnit;

  readonly #reach: UserManager;
  readonly #systemctl: Systemctl;
  readonly #paths: Paths;
  readonly #owner: Owner;
  readonly #hosts: HostProfiles;
  readonly #verifier: Verifier;
  readonly #connection: Connection;
  readonly #units: OwnUnits;
  readonly #jobs: Jobs;
  /** Services that were claimed when systemd had nothing of their units: what it loads of them is what is written now. */
  readonly #unloaded = new Set<string>();

  private constructor(reach: UserManager, paths: Paths, agent: AgentSocket | null) {
    this.#reach = reach;
    this.#connection = new Connection(reach, agent === null ? null : relayThrough(agent));
    this.#systemctl = new Systemctl(reach, this.#connection);
    this.#jobs = new Jobs(this.#connection, this.#systemctl, reach.runtimeDir);
    this.#paths = paths;
    this.#owner = { units: paths.units, mark: paths.config };
    this.strangers = new UnitsOfOthers(this, { systemctl: this.#systemctl, owner: this.#owner, runtimeDir: reach.runtimeDir });
    const ground = { owner: this.#owner, systemctl: this.#systemctl, program: process.execPath, env: reach.env };
    this.agent = agentUnit({ ...ground, state: paths.state });
    this.web = webUnit(ground);
    const neighbours = new Neighbours(paths);
    const systemctl = this.#systemctl;
    this.#hosts = new HostProfiles({ systemctl, reach, paths, runtime: process.execPath });
    this.#verifier = new Verifier({ hosts: this.#hosts, neighbours, connection: this.#connection, systemctl, reach, paths });
    this.#units = new OwnUnits(paths, { mark: this.#owner.mark, hosts: this.#hosts, neighbours, runtimeDir: reach.runtimeDir });
  }

  /**
   * Opens the backend. Throws `no-backend` if systemd is not PID 1. The first call that needs the user manager reports when it
   * does not run.
   */
  static async open(env: Record<string, string | undefined>, paths: Paths, agent: AgentSocket | null = null): Promise<SystemdBackend> {
    if (!isBooted()) throw noBackend("this machine is not run by systemd", { hint: "start it with systemd as PID 1" });
    return new SystemdBackend(await reachUserManager(env), paths, agent);
  }

  async claim(name: string): Promise<void> {
    const { isUnloaded } = claimUnits(name, await this.#loaded(unitsOf(name)), this.#owner);
    if (isUnloaded) this.#unloaded.add(name);
    else this.#unloaded.delete(name);
  }

  async define(specs: Spec[]): Promise<Map<string, unknown>> {
    await sweepChecks(this.#systemctl, this.#reach);
    const { rewritten, others, troubles } = await this.#units.writeEach(specs);
    // systemd reads a new unit when the unit is first used, so that only a changed text needs a daemon-reload. NeedDaemonReload=
    // does not tell of each change: it compares times of files, and the clock may have been set back.
    const older = others.filter((name) => !this.#unloaded.has(name));
    if (rewritten.length > 0 || !(await this.#areLoaded(older))) await this.#systemctl.reload();
    return troubles;
  }

  async isDefined(spec: Spec): Promise<boolean> {
    return (await this.#units.isWritten(spec)) && (await this.#areLoaded([spec.name]));
  }

  async unitText(spec: Spec): Promise<string> {
    return (await this.#units.derive(spec)).unit;
  }

  unitFile(name: string): string {
    return this.#units.unitFile(name);
  }

  socketFolder(name: string): string {
    return join(this.#reach.runtimeDir, socketsPath(name));
  }

  directories(spec: Spec): Promise<Directories> {
    return this.#units.directories(spec);
  }

  async undefine(names: string[]): Promise<void> {
    await sweepChecks(this.#systemctl, this.#reach);
    for (const name of names) {
      this.#unloaded.delete(name);
      await this.#units.remove(name);
      removeStarts(this.#reach.runtimeDir, name);
    }
    this.#verifier.forget(names);
    await this.#systemctl.reload();
    await this.#jobs.forgetFailures(names);
  }

  async withheld(profile: SandboxProfile): Promise<Missing[]> {
    return (await this.#hosts.of(profile)).withheld;
  }

  isolationHere(spec: Spec): Promise<Isolation> {
    return this.#verifier.isolationHere(spec);
  }

  async start(specs: Spec[]): Promise<void> {
    const unloaded = new Set(this.#unloaded);
    for (const { name } of specs) this.#unloaded.delete(name);
    await this.#jobs.start(specs, unloaded);
  }

  stop(specs: Spec[]): Promise<void> {
    return this.#jobs.stop(specs);
  }

  restart(specs: Spec[]): Promise<void> {
    return this.#jobs.restart(specs);
  }

  /** Keeps the counts, so that the restart is counted. A service that waits for its restart needs no second one. */
  async recycle({ name }: Spec, why: string): Promise<void> {
    const [reading] = await this.read([name]);
    if (reading?.state !== "active") return;
    noteUnhealthy(this.#paths.state, name, why);
    await this.#systemctl.queue("restart", [unitName(name)]);
  }

  async want(names: string[], wanted: boolean): Promise<void> {
    // The links need no user manager, but an act that fails because the manager does not answer must change nothing.
    await this.#systemctl.mustAnswer();
    wantUnits(this.#paths.units, names.map(unitName), wanted);
  }

  async read(names: string[]): Promise<Reading[]> {
    const looks = firstLook(names, this.#reach);
    const read = await this.#connection.read((bus) => readOverBus(bus, names, this.#paths.units, looks));
    if (read !== null) return read.value;
    // systemctl can still report states, and the next read connects again.
    return readOverSystemctl(this.#systemctl, names, this.#paths.units);
  }

  glimpse(names: string[]): Glimpse[] {
    return glimpseOf(names, this.#paths.units, this.#reach);
  }

  answers = (): Promise<boolean> => this.#systemctl.answers();

  relayed(calls: unknown): Promise<unknown[]> {
    return answerCalls(calls, this.#connection, this.#reach);
  }

  watch(onChange: (change: Change) => void, onLost: () => void): Promise<Watch | null> {
    return watchUnits({ runtimeDir: this.#reach.runtimeDir, units: this.#paths.units, onChange, onLost });
  }

  verify(spec: Spec, reading: Reading): Promise<SandboxVerdict> {
    return this.#verifier.verify(spec, reading);
  }

  limits(spec: Spec, reading: Pick<Reading, "mainPid" | "group">): Limits {
    return limitsInForce(spec, reading.mainPid, reading.group?.kind === "cgroup" ? reading.group.folder : null);
  }

  async runBeside(spec: Spec, command: string, timeoutMs: number): Promise<{ exitCode: number; timedOut: boolean }> {
    const text = await this.#units.deriveBeside(spec, command, timeoutMs);
    return runUnitOnce(spec.name, text, timeoutMs, { systemctl: this.#systemctl, reach: this.#reach });
  }

  logNotices(range: LogRange | null, signal: AbortSignal): Promise<Notice[]> {
    return logNotices(range, this.#paths.state, { uid: this.#reach.uid, env: this.#reach.env }, signal);
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogRecord> {
    return serviceLogs(query, this.#paths.state, { uid: this.#reach.uid, env: this.#reach.env }, signal);
  }

  linger = (): Promise<string | null> => ensureLinger(this.#reach);

  close(): void {
    this.#verifier.keep();
    this.#connection.close();
  }

  /**
   * Returns true if systemd has loaded the units as they are on disk. A unit file that was written but never loaded, because
   * bs9 was killed in between, gives false.
   */
  async #areLoaded(names: string[]): Promise<boolean> {
    if (names.length === 0) return true;
    // A service without restarts has no delay unit.
    const delays = names.filter((name) => this.#units.hasDelay(name)).map(delayUnitName);
    const units = await this.#loaded([...names.map(unitName), ...delays]);
    return units.every(({ load, mustReload }) => load === "loaded" && !mustReload);
  }

  async #loaded(units: string[]): Promise<Loaded[]> {
    return readLoaded(units, this.#connection, this.#systemctl);
  }
}
