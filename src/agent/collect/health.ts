// Tells the health monitor which services run, and on which port to probe a service that has no configured check.
import type { Backend } from "../../backend/backend.ts";
import { heldIfShown, type Listener } from "../../backend/sockets.ts";
import { msOfTicks, uptimeOfMachineMs } from "../../base/proc.ts";
import { type Monitor, type MonitorOptions, monitorOf, type Watched } from "../../health/monitor.ts";
import { type AskAlive, probeOf } from "../../health/probe.ts";
import { pidsOf } from "../../metrics/group.ts";
import { isInjected } from "../../service/spec.ts";
import { Liveness } from "./liveness.ts";
import { Ports } from "./ports.ts";
import { type Known, runOf, type Services } from "./services.ts";

export class HealthCollector {
  readonly monitor: Monitor;
  readonly #services: Services;
  readonly #socketFolder: Backend["socketFolder"];
  readonly #ports = new Ports();
  readonly #liveness = new Liveness();
  /** The listening ports of each service without a check; null where they are unknown. */
  #found = new Map<string, number[] | null>();
  /** The counter `changes` of the services when the monitor was last updated; -1 forces an update. */
  #heard = -1;

  constructor(services: Services, socketFolder: Backend["socketFolder"], options: Pick<MonitorOptions, "settings" | "run" | "onChange">) {
    this.#services = services;
    this.#socketFolder = socketFolder;
    this.monitor = monitorOf(options);
  }

  /**
   * A service without a check is probed on its only listening port. It may open that port at any time, so this is called in
   * each tick.
   */
  lookForPorts(): void {
    const unchecked = Array.from(this.#services.all()).filter(({ spec, reading }) => {
      return reading.state === "active" && probeOf(spec, null) === null;
    });
    const found = unchecked.length === 0 ? new Map<string, number[] | null>() : this.#ports.now(unchecked);
    if (Bun.deepEquals(found, this.#found, true)) return;
    this.#found = found;
    this.#heard = -1;
  }

  /**
   * To be called after each reading of the services: the health monitor then forgets runs that have ended, and starts to probe
   * new runs.
   */
  watch(): void {
    if (this.#services.changes === this.#heard) return;
    this.#heard = this.#services.changes;
    this.monitor.watch(this.#running());
  }

  #askAlive({ spec, reading }: Known, run: string): AskAlive {
    const folder = this.#socketFolder(spec.name);
    return (timeoutMs) => this.#liveness.of({ run, folder, pids: pidsOf(reading.group) }, timeoutMs);
  }

  #running(): Watched[] {
    const bootedMs = performance.now() - uptimeOfMachineMs();
    this.#liveness.keep(new Set(Array.from(this.#services.all(), ({ spec }) => this.#socketFolder(spec.name))));
    return Array.from(this.#services.all()).flatMap((known): Watched[] => {
      const { reading, spec, startTicks } = known;
      const run = runOf(known);
      if (reading.state !== "active" || run === null || startTicks === null) return [];
      // This function is called only where no process answers on the loopback address.
      const heldAmong = (all: Listener[]) => heldIfShown(pidsOf(reading.group), all);
      const listens = this.#found.get(spec.name) ?? null;
      const askAlive = isInjected(spec) ? this.#askAlive(known, run) : undefined;
      return [{ spec, run, startedAtMs: bootedMs + msOfTicks(startTicks), listens, heldAmong, askAlive }];
    });
  }
}
