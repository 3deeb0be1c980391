// Clears what is remembered of a failed service: its counted starts, and the state `failed` of its units.
import type { Spec } from "../../service/spec.ts";
import { delayUnitName, unitName } from "../unit/names.ts";
import { clearStarts } from "../unit/starts.ts";
import type { Connection } from "./connection.ts";
import type { Systemctl } from "./systemctl.ts";

export class Slate {
  readonly #connection: Connection;
  readonly #systemctl: Systemctl;
  readonly #runtimeDir: string;

  constructor(connection: Connection, systemctl: Systemctl, runtimeDir: string) {
    this.#connection = connection;
    this.#systemctl = systemctl;
    this.#runtimeDir = runtimeDir;
  }

  /** For a start by hand: earlier starts count neither for the growing delay nor for --max-restarts. */
  async clean(specs: Spec[]): Promise<void> {
    for (const { name } of specs) clearStarts(this.#runtimeDir, name);
    await this.forgetFailures(specs.map(({ name }) => name));
  }

  /** For a stop: a unit that ended with an error then becomes `inactive` as well. */
  async forgetFailures(names: string[]): Promise<void> {
    await this.#systemctl.resetFailed(await this.#failedAmong(names.flatMap((name) => [unitName(name), delayUnitName(name)])));
  }

  /**
   * The units that are `failed`, or all units where the bus does not answer. The bus is asked because an unneeded systemctl
   * costs 12 ms and more.
   */
  async #failedAmong(units: string[]): Promise<string[]> {
    const bus = await this.#connection.bus();
    if (bus === null) return units;
    try {
      const listed = await bus.listByNames(units);
      return units.filter((_, i) => listed[i]?.active === "failed");
    } catch {
      return units;
    }
  }
}
