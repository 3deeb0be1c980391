// An agent with as many services as a proof wants, all of which are this process.
import { join } from "node:path";
import { startAgent } from "../../src/agent/agent.ts";
import { AgentSocket } from "../../src/backend/agent-socket.ts";
import type { Change, Reading } from "../../src/backend/backend.ts";
import { makeFolder } from "../../src/base/files.ts";
import { pathsOf } from "../../src/base/paths.ts";
import { defaultHealth } from "../../src/config/health.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { Registry } from "../../src/service/registry.ts";
import { AgentClient } from "../../src/status/agent-client.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { quiet } from "../agent/stage.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

/** An agent in this process, with services that change as the proof requires; readers are separate processes. */
export class AgentScene {
  readonly home = tempDir();
  readonly paths = pathsOf({ HOME: this.home, BS9_HOME: this.home });
  readonly registry = new Registry(this.paths);
  readonly client = new AgentClient(new AgentSocket(this.paths.state));
  readonly #names: string[];
  readonly #end: string | null;
  readonly #restarts = new Map<string, number>();
  #tell: (change: Change) => void = () => {};

  /** `endBytes`: the length of the text that describes how each service last ended, which makes the events large. */
  constructor(count: number, endBytes = 0) {
    this.#end = endBytes === 0 ? null : "x".repeat(endBytes);
    this.#names = Array.from({ length: count }, (_, i) => `s${i + 1}`);
    for (const name of this.#names) this.registry.commit(specNamed(name));
  }

  /** How often each service was changed. */
  get restarts(): number {
    return this.#restarts.get("s1") ?? 0;
  }

  async agent(intervalMs: number): Promise<{ stop(): Promise<void> }> {
    makeFolder(this.paths.state);
    const storage = await openSqlite(join(this.home, "metrics.db"), {});
    const backend = {
      ...quiet,
      watch: async (onChange: (change: Change) => void) => {
        this.#tell = onChange;
        return { synced: async () => {}, close() {} };
      },
      read: async (names: string[]) => names.map((name) => this.#reading(name)),
      recycle: async () => {},
    };
    const running = startAgent({
      deps: {
        backend,
        registry: this.registry,
        trail: { append: async () => {}, last: () => null, newestFirst: function* () {} },
        now: Date.now,
      },
      paths: this.paths,
      keeping: { ...defaultKeeping, intervalMs },
      health: defaultHealth,
      storage,
      channels: { use: () => true, put: () => [], turned: () => {}, notices: () => [] },
      monotonicMs: () => performance.now(),
      say: (sentence) => console.error(sentence),
      chores: async () => {},
    });
    return {
      async stop() {
        await running.stop();
        await storage.close();
      },
    };
  }

  /** Gives each service another count of restarts, and reports its state. */
  change(): void {
    for (const name of this.#names) {
      this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1);
      this.#tell({ name, state: "active", atMs: Date.now() });
    }
  }

  #reading(name: string): Reading {
    const { pid } = process;
    const restarts = this.#restarts.get(name) ?? 0;
    const group = { kind: "processes" as const, pids: [pid] };
    return { name, unit: name, state: "active", mainPid: pid, restarts, end: this.#end, group, cpu: null, waits: null, wanted: true };
  }
}
