// Starts, stops and restarts services through systemctl, and clears what systemd and the delay unit remember of failures.
import type { Spec } from "../../service/spec.ts";
import { unitName, unitsOf } from "../unit/names.ts";
import { unitsToStop } from "../unit/slice.ts";
import { clearStarts, countFirstStart } from "../unit/starts.ts";
import { canStartAlone } from "./alone.ts";
import type { Connection } from "./connection.ts";
import type { Systemctl } from "./systemctl.ts";

const unitOf = (spec: Spec): string => unitName(spec.name);
const longestStopMs = (specs: Spec[]): number => Math.max(...specs.map((spec) => spec.stopTimeoutMs));

/** The message of systemctl for a unit without a file. */
const notFound = /^Failed to start .*: Unit .* not found\.$/;

export class Jobs {
  readonly #connection: Pick<Connection, "read">;
  readonly #systemctl: Pick<Systemctl, "jobs" | "reload" | "resetFailed">;
  readonly #runtimeDir: string;

  constructor(connection: Pick<Connection, "read">, systemctl: Pick<Systemctl, "jobs" | "reload" | "resetFailed">, runtimeDir: string) {
    this.#connection = connection;
    this.#systemctl = systemctl;
    this.#runtimeDir = runtimeDir;
  }

  /**
   * Does not throw where a service does not start: the next reading shows it. systemd has not loaded the services in `unloaded`
   * yet, so that nothing is remembered of them.
   */
  async start(specs: Spec[], unloaded: ReadonlySet<string>): Promise<void> {
    await this.#forgetStarts(specs, unloaded);
    const units = specs.map(unitOf);
    const trouble = await this.#systemctl.jobs((await this.#startAlone(specs)) ? "start-alone" : "start", units);
    const isUnknown = specs.some(({ name }) => unloaded.has(name)) && notFound.test(trouble);
    if (!isUnknown) return;
    // systemd remembers that the unit did not exist when it last looked for it.
    await this.#systemctl.reload();
    await this.#forgetStarts(specs, unloaded);
    await this.#systemctl.jobs("start", units);
  }

  /** True where the services can be started without their dependencies; their first start is then already counted. */
  async #startAlone(specs: Spec[]): Promise<boolean> {
    const names = specs.map(({ name }) => name);
    if (!(await canStartAlone(names, this.#connection))) return false;
    const counted = specs.filter(({ restart }) => restart.policy !== "no");
    return counted.every(({ name }) => countFirstStart(this.#runtimeDir, name));
  }

  async stop(specs: Spec[]): Promise<void> {
    const names = specs.map(({ name }) => name);
    await this.#systemctl.jobs("stop", await unitsToStop(names, this.#connection), longestStopMs(specs) + 60_000);
    await this.forgetFailures(names);
  }

  async restart(specs: Spec[]): Promise<void> {
    await this.#forgetStarts(specs, new Set());
    await this.#systemctl.jobs("restart", specs.map(unitOf), longestStopMs(specs) + 120_000);
  }

  /** A unit that ended with an error becomes `inactive`. */
  async forgetFailures(names: string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#systemctl.resetFailed(await this.#failedAmong(names.flatMap(unitsOf)));
  }

  /**
   * Clears the count of starts before a start by a command: earlier starts then count neither for the growing delay nor for
   * --max-restarts.
   */
  async #forgetStarts(specs: Spec[], unloaded: ReadonlySet<string>): Promise<void> {
    for (const { name } of specs) clearStarts(this.#runtimeDir, name);
    await this.forgetFailures(specs.map(({ name }) => name).filter((name) => !unloaded.has(name)));
  }

  /**
   * The units that are `failed`, or all units where the bus does not answer. The bus is asked because an unneeded systemctl
   * costs 12 ms and more.
   */
  async #failedAmong(units: string[]): Promise<string[]> {
    const listed = await this.#connection.read((bus) => bus.listByNames(units));
    return listed === null ? units : units.filter((_, i) => listed.value[i]?.active === "failed");
  }
}
