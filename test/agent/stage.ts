// The environment for tests of the agent: real processes as services, clocks that the test moves, a real storage.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Followed, Turns, type TurnsOptions } from "../../src/agent/turns.ts";
import type { AlertMessage } from "../../src/alerting/message.ts";
import type { Change, Reading } from "../../src/backend/backend.ts";
import { defaultHealth, type HealthSettings } from "../../src/config/health.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { Registry } from "../../src/service/registry.ts";
import type { Spec } from "../../src/service/spec.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

/** The parts of a backend that these tests do not examine. */
export const quiet = {
  kind: "systemd",
  strangers: null,
  verify: async () => ({ verdict: "effective", verified: [], probed: [], missing: [] }),
  limits: () => ({ memoryBytes: null, cpuPercent: null, tasks: null, files: null }),
  logNotices: async () => [],
  logs: async function* () {},
  runBeside: async () => ({ exitCode: 0, timedOut: false }),
  socketFolder: () => "/nonexistent",
} satisfies Partial<Followed>;

/** An agent with clocks that the test moves, and with services that are processes of the test. */
export class Stage {
  readonly home = tempDir();
  readonly clock = { nowMs: Date.UTC(2026, 0, 5, 12), uptimeMs: 1000 };
  readonly registry = new Registry({ config: join(this.home, "config"), state: join(this.home, "state") });
  readonly said: string[] = [];
  readonly recycled: string[] = [];
  /** The messages of alerts. */
  readonly messages: AlertMessage[] = [];
  /** The number of turns after which the channels were told that the agent works. */
  turned = 0;
  /** There is a channel that takes messages. */
  canTell = true;
  onPut = (message: AlertMessage): void => void this.messages.push(message);
  readonly asked: string[][] = [];
  /** What the backend reads of each service; a service without an entry is inactive. */
  readonly readings = new Map<string, Partial<Reading>>();
  /** Reports a change of a service to the agent, as a D-Bus signal would; null while the agent does not watch the backend. */
  tell: ((change: Change) => void) | null = null;
  lose: () => void = () => {};
  /** Called once during the next reading, after its values were taken: changes made here are newer than the reading. */
  duringRead: (() => void) | null = null;
  isTold = true;
  /** The lines of the services, as the backend returns them. */
  logs: Followed["logs"] = quiet.logs;
  /** The memory limit of each service. */
  limitBytes: number | null = null;
  readonly #children: Bun.Subprocess[] = [];
  #storage: Storage | null = null;

  async turns(health: Partial<HealthSettings> = {}): Promise<Turns> {
    return new Turns(await this.options(health));
  }

  async options(health: Partial<HealthSettings> = {}): Promise<TurnsOptions> {
    const { clock, registry } = this;
    this.#storage = await openSqlite(join(this.home, "metrics.db"), { now: () => clock.nowMs });
    return {
      deps: {
        registry,
        trail: { append: async () => {}, last: () => null, newestFirst: function* () {} },
        now: () => clock.nowMs,
        backend: {
          ...quiet,
          logs: (query, signal) => this.logs(query, signal),
          limits: () => ({ ...quiet.limits(), memoryBytes: this.limitBytes === null ? null : { value: this.limitBytes, inForce: true } }),
          watch: async (onChange, onLost) => {
            if (!this.isTold) return null;
            this.tell = onChange;
            this.lose = () => {
              this.tell = null;
              onLost();
            };
            return { synced: async () => {}, close() {} };
          },
          read: async (names) => {
            this.asked.push(names);
            const readings = names.map((name) => this.#reading(name));
            const during = this.duringRead;
            this.duringRead = null;
            during?.();
            return readings;
          },
          recycle: async ({ name }) => {
            this.recycled.push(name);
          },
        },
      },
      paths: { home: this.home, config: this.home, state: this.home },
      keeping: defaultKeeping,
      health: { ...defaultHealth, ...health },
      storage: this.#storage,
      channels: { use: () => this.canTell, put: (message) => this.#put(message), turned: () => this.turned++, notices: () => [] },
      monotonicMs: () => clock.uptimeMs,
      say: (sentence) => this.said.push(sentence),
    };
  }

  #put(message: AlertMessage): AlertMessage["events"] {
    this.onPut(message);
    return message.events;
  }

  get storage(): Storage {
    if (this.#storage === null) throw new Error("there is no storage yet");
    return this.#storage;
  }

  /** Defines a service and starts a process as its main process. */
  up(name: string, argv: string[], more: Partial<Spec> = {}): number {
    this.registry.commit(specNamed(name, more));
    const child = Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"] });
    this.#children.push(child);
    this.readings.set(name, { state: "active", mainPid: child.pid, group: { kind: "processes", pids: [child.pid] }, restarts: 0 });
    return child.pid;
  }

  pass(ms: number, wallMs = ms): void {
    this.clock.uptimeMs += ms;
    this.clock.nowMs += wallMs;
  }

  async end(turns: Pick<Turns, "close">): Promise<void> {
    await turns.close();
    await this.storage.close();
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ exited }) => exited));
    rmSync(this.home, { recursive: true, force: true });
  }

  #reading(name: string): Reading {
    const blank: Reading = {
      name,
      unit: `${name}.service`,
      state: "inactive",
      mainPid: null,
      restarts: null,
      end: null,
      group: null,
      cpu: null,
      waits: null,
      wanted: true,
    };
    return { ...blank, ...this.readings.get(name) };
  }
}
