// Tells the health monitor which services run, and on which port to probe a service that has no configured check.
import type { Backend } from "../../backend/backend.ts";
import { heldBy, heldIfShown, type Listener, listeners } from "../../backend/sockets.ts";
import { msOfTicks, uptimeOfMachineMs } from "../../base/proc.ts";
import { type Monitor, type MonitorOptions, monitorOf, type Watched } from "../../health/monitor.ts";
import { probeOf } from "../../health/probe.ts";
import { askPreload, pidsWithSocket } from "../../injectors/ask.ts";
import { pidsOf } from "../../metrics/group.ts";
import { isInjected } from "../../service/spec.ts";
import { Ports } from "./ports.ts";
import { type Known, runOf, type Services } from "./services.ts";

export class HealthCollector {
  readonly monitor: Monitor;
  readonly #services: Services;
  readonly #socketFolder: Backend["socketFolder"];
  readonly #ports = new Ports();
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

  #running(): Watched[] {
    const bootedMs = performance.now() - uptimeOfMachineMs();
    return Array.from(this.#services.all()).flatMap((known): Watched[] => {
      const { reading, spec, startTicks } = known;
      const run = runOf(known);
      if (reading.state !== "active" || run === null || startTicks === null) return [];
      // This function is called only where no process answers on the loopback address.
      const heldAmong = (all: Listener[]) => heldIfShown(pidsOf(reading.group), all);
      const listens = this.#found.get(spec.name) ?? null;
      const askAlive = isInjected(spec) ? (timeoutMs: number) => aliveOf(known, this.#socketFolder(spec.name), timeoutMs) : undefined;
      return [{ spec, run, startedAtMs: bootedMs + msOfTicks(startTicks), listens, heldAmong, askAlive }];
    });
  }
}

/**
 * Asks the processes that listen: another process of the service, such as one that computes, may be silent for a while. A
 * process without a working preload is not asked, and its connection alone decides.
 */
async function aliveOf(known: Known, folder: string, timeoutMs: number): Promise<string | null> {
  const endMs = performance.now() + timeoutMs;
  const all = listeners();
  const serving = pidsWithSocket(folder, pidsOf(known.reading.group)).filter((pid) => heldBy([pid], all).length > 0);
  for (const pid of serving) {
    const told = await askPreload(folder, pid, "/healthz", Math.max(1, endMs - performance.now()));
    if (told === "silent")
      return `its process ${pid} accepts connections and does not answer /healthz (timeout after ${Math.round(timeoutMs)} ms)`;
    if (told !== "absent" && told.status >= 400) return `/healthz of its process ${pid} answers with status ${told.status}`;
  }
  return null;
}
