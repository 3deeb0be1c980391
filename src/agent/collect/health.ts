// Health of the services that run: hands the monitor what is to be probed, and the one port of a service without a check.
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
  /** What each service without a check listens on. */
  #found = new Map<string, number[] | null>();
  /** The number of changes of services that the monitor has heard of. */
  #heard = -1;

  constructor(services: Services, options: Pick<MonitorOptions, "settings" | "run" | "onChange">) {
    this.#services = services;
    this.monitor = monitorOf(options);
  }

  /** A service without a check is probed on the one port that it listens on, which it may open at any time. */
  lookForPorts(): void {
    const unchecked = Array.from(this.#services.all()).filter(({ spec, reading }) => {
      return reading.state === "active" && probeOf(spec, null) === null;
    });
    const found = unchecked.length === 0 ? new Map<string, number[] | null>() : this.#ports.now(unchecked);
    if (Bun.deepEquals(found, this.#found, true)) return;
    this.#found = found;
    this.#heard = -1;
  }

  /** After each reading of services: one that has ended is not healthy, nor is a run that nobody has probed yet. */
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
      // Asked only where nobody answers on the loopback address.
      const heldAmong = (all: Listener[]) => heldIfShown(pidsOf(reading.group), all);
      const listens = this.#found.get(spec.name) ?? null;
      return [{ spec, run, startedAtMs: bootedMs + msOfTicks(startTicks), listens, heldAmong }];
    });
  }
}
