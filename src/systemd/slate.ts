// What systemd remembers of a unit that has failed: `failed`, and the starts that count towards its start limit.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Spec } from "../service/spec.ts";
import type { Connection } from "./connection.ts";
import { startsPath } from "./starts.ts";
import type { Systemctl } from "./systemctl.ts";
import { unitName } from "./unit.ts";

export class Slate {
  readonly #connection: Connection;
  readonly #systemctl: Systemctl;
  readonly #runtimeDir: string;

  constructor(connection: Connection, systemctl: Systemctl, runtimeDir: string) {
    this.#connection = connection;
    this.#systemctl = systemctl;
    this.#runtimeDir = runtimeDir;
  }

  /** Before a start by hand: nothing that was before counts, neither for the growing delay nor for the start limit. */
  async clean(specs: Spec[]): Promise<void> {
    for (const { name } of specs) rmSync(join(this.#runtimeDir, startsPath(name)), { recursive: true, force: true });
    const failed = new Set(await this.#failedAmong(specs.map(unitOf)));
    await this.#systemctl.resetFailed(specs.filter((spec) => spec.restart.max !== null || failed.has(unitOf(spec))).map(unitOf));
  }

  /** After a stop: a unit that did not end well is `inactive` like the others. */
  async forgetFailures(names: string[]): Promise<void> {
    await this.#systemctl.resetFailed(await this.#failedAmong(names.map(unitName)));
  }

  /** The units that are `failed`, and all of them where the bus does not tell: systemctl for nothing costs 12 ms and more. */
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

const unitOf = (spec: Spec): string => unitName(spec.name);
