// Tells the health monitor which services run, and on which port to probe a service that has no configured check.
import { heldIfShown, type Listener } from "../../backend/sockets.ts";
import { msOfTicks, uptimeOfMachineMs } from "../../base/proc.ts";
import { type Monitor, type MonitorOptions, monitorOf, type Watched } from "../../health/monitor.ts";
import { probeOf } from "../../health/probe.ts";
import { pidsOf } from "../../metrics/group.ts";
import { Ports } from "./ports.ts";
import { runOf, type Services } from "./services.ts";

export class HealthCollector {
  readonly monitor: Monitor;
  readonly #services: Services;
  readonly #ports = new Ports();
  /** The listening ports of each service without a check; null where they are unknown. */
  #found = new Map<string, number[] | null>();
  /** The counter `changes` of the services when the monitor was last updated; -1 forces an update. */
  #heard = -1;

  constructor(services: Services, options: Pick<MonitorOptions, "settings" | "run" | "onChange">) {
    this.#services = services;
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

  #running(): Watched[] {
    const bootedMs = performance.now() - uptimeOfMachineMs();
    return Array.from(this.#services.all()).flatMap((known): Watched[] => {
      const { reading, spec, startTicks } = known;
      const run = runOf(known);
      if (reading.state !== "active" || run === null || startTicks === null) return [];
      // This function is called only where no process answers on the loopback address.
      const heldAmong = (all: Listener[]) => heldIfShown(pidsOf(reading.group), all);
      const listens = this.#found.get(spec.name) ?? null;
      return [{ spec, run, startedAtMs: bootedMs + msOfTicks(startTicks), listens, heldAmong }];
    });
  }
}
