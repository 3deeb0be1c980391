// The agent's own cost: CPU time of its ticks, memory, and the ticks that were late or ran out of time.
import { readProc, statusField } from "../base/proc.ts";
import type { Self } from "../status/agent-protocol.ts";

/** Mean and maximum are those of this many latest ticks. */
const kept = 100;

export class Cost {
  /** CPU time is counted from here, because the process may have run before its agent started. */
  readonly #began = { wallMs: Date.now(), atMs: performance.now(), cpuMs: cpuMs() };
  readonly #costs: number[] = [];
  ticks = 0;
  lateTicks = 0;
  overrunTicks = 0;

  /** Runs one tick and records the CPU time that it used. */
  async of<T>(tick: () => Promise<T>): Promise<T> {
    const before = cpuMs();
    const result = await tick();
    this.ticks++;
    this.#costs.push(cpuMs() - before);
    if (this.#costs.length > kept) this.#costs.shift();
    return result;
  }

  now(): Pick<Self, "since" | "ticks" | "lateTicks" | "overrunTicks" | "tickCpuMs" | "cpuPercent" | "memoryBytes"> {
    const { length } = this.#costs;
    const mean = this.#costs.reduce((sum, ms) => sum + ms, 0) / length;
    return {
      since: new Date(this.#began.wallMs).toISOString(),
      ticks: this.ticks,
      lateTicks: this.lateTicks,
      overrunTicks: this.overrunTicks,
      tickCpuMs: length === 0 ? null : { mean: rounded(mean), max: rounded(Math.max(...this.#costs)) },
      cpuPercent: rounded(((cpuMs() - this.#began.cpuMs) / Math.max(1, performance.now() - this.#began.atMs)) * 100),
      memoryBytes: residentBytes(),
    };
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

function residentBytes(): number {
  const resident = statusField(readProc("self/status") ?? "", "VmRSS");
  return resident === null ? process.memoryUsage.rss() : Number.parseInt(resident, 10) * 1024;
}
