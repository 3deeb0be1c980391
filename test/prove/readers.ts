// Readers of the agent: a reader that is stopped while 1,000 services change, and 64 idle readers beside 100 services.
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { startAgent } from "../../src/agent/agent.ts";
import { AgentSocket } from "../../src/backend/agent-socket.ts";
import type { Change, Reading } from "../../src/backend/backend.ts";
import { makeFolder } from "../../src/base/files.ts";
import { pathsOf } from "../../src/base/paths.ts";
import { defaultHealth } from "../../src/config/health.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { Registry } from "../../src/service/registry.ts";
import { AgentClient } from "../../src/status/agent-client.ts";
import type { ModelEvent } from "../../src/status/events.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { quiet } from "../agent/stage.ts";
import { following } from "../e2e/kill-watcher.ts";
import { tempDir, until } from "../harness.ts";
import { specNamed } from "../spec.ts";
import { cpuMs } from "./cpu.ts";
import { call } from "./pm2/call.ts";
import type { Figure, Proof } from "./proof.ts";

/** The agent reports the mean of its last hundred ticks, and makes one tick per second. */
const seconds = 100;

const tick = "CPU of a tick while 1,000 services change and a reader is stopped, beside none";
const memory = "memory that a reader costs which is stopped for longer than a minute";
const resumed = "readers that got a snapshot after SIGCONT, and went on";
const idle = "share of a core for 64 idle readers with 100 services";

export const proof: Proof = {
  word: "readers",
  what: "a reader under SIGSTOP for 100 s while 1,000 services change each second, and 64 idle readers",
  figures: [tick, memory, resumed, idle],
  impossible: () => null,
  async run(report) {
    report.command(`bun ${relative(process.cwd(), import.meta.path)} ${seconds}`);
    for (const figure of JSON.parse((await call(process.execPath, import.meta.path, String(seconds))).stdout) as Figure[])
      report.figure(figure);
  },
};

/** An agent in this process, with services that change as the proof requires; readers are separate processes. */
class Scene {
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
        trail: { append: async () => {}, last: () => null, records: function* () {} },
        now: Date.now,
      },
      paths: this.paths,
      keeping: { ...defaultKeeping, intervalMs },
      health: defaultHealth,
      storage,
      channels: { use: () => true, put: () => {}, notices: () => [] },
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

  /** A process with `count` readers, each of which counts its events; the first one also reports their kinds. */
  reader(count: number, paceMs: number): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    const argv = [process.execPath, import.meta.path, "read", this.paths.state, String(count), String(paceMs)];
    return Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"] });
  }

  #reading(name: string): Reading {
    const { pid } = process;
    const restarts = this.#restarts.get(name) ?? 0;
    const group = { kind: "processes" as const, pids: [pid] };
    return { name, unit: name, state: "active", mainPid: pid, restarts, end: this.#end, group, cpu: null, waits: null, wanted: true };
  }
}

type Heard = { kind: ModelEvent["kind"]; restarts: number };

/** The events that the first reader of a process has received so far. */
function heardBy(reader: Bun.Subprocess<"ignore", "pipe", "inherit">): Heard[] {
  const heard: Heard[] = [];
  void (async () => {
    let text = "";
    for await (const chunk of reader.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = `${text}${chunk}`.split("\n");
      text = lines.pop() ?? "";
      heard.push(...lines.map((line) => JSON.parse(line) as Heard));
    }
  })();
  return heard;
}

/** Resident memory in bytes without what the next collection frees, because that is not a cost of the reader. */
function memoryAfterCollection(): number {
  Bun.gc(true);
  return process.memoryUsage.rss();
}

type Outcome = { ratio: number; growthMb: number; hasResumed: boolean };

export async function stoppedReader(services: number, seconds: number, endBytes = 0): Promise<Outcome> {
  const scene = new Scene(services, endBytes);
  const running = await scene.agent(1000);
  const changing = setInterval(() => scene.change(), 1000);
  const ticksCpuMs = async (): Promise<number> => {
    const from = (await scene.client.self())?.ticks ?? 0;
    const isOver = async () => ((await scene.client.self())?.ticks ?? 0) >= from + seconds;
    await until(isOver, { what: `${seconds} ticks`, timeoutMs: (seconds + 60) * 1000 });
    return (await scene.client.self())?.tickCpuMs?.mean ?? Number.NaN;
  };
  const reader = scene.reader(1, 1000);
  try {
    const heard = heardBy(reader);
    await until(() => heard.length > 2, { what: "it reads" });
    reader.kill("SIGSTOP");
    await Bun.sleep(3000);
    const before = memoryAfterCollection();
    const beside = await ticksCpuMs();
    const growthMb = (memoryAfterCollection() - before) / 1e6;
    const from = heard.length;
    const restarts = scene.restarts;
    reader.kill("SIGCONT");
    const isAnew = () => heard.slice(from).some((one) => one.kind === "snapshot" && one.restarts >= restarts);
    await until(isAnew, { what: "a snapshot after SIGCONT", timeoutMs: 30_000 });
    const goesOn = () => heard.slice(heard.findLastIndex(({ kind }) => kind === "snapshot") + 1).some(({ kind }) => kind === "change");
    await until(goesOn, { what: "it goes on", timeoutMs: 30_000 });
    reader.kill("SIGKILL");
    await reader.exited;
    const alone = await ticksCpuMs();
    return { ratio: beside / alone, growthMb, hasResumed: true };
  } finally {
    reader.kill("SIGKILL");
    clearInterval(changing);
    await running.stop();
    rmSync(scene.home, { recursive: true });
  }
}

/** The additional share of a core that the agent uses with that many readers. */
async function idleReaders(count: number, services: number, seconds: number): Promise<number> {
  const scene = new Scene(services);
  const running = await scene.agent(defaultKeeping.intervalMs);
  const share = async (): Promise<number> => {
    const [cpu, atMs] = [cpuMs(), performance.now()];
    await Bun.sleep(seconds * 1000);
    return ((cpuMs() - cpu) / (performance.now() - atMs)) * 100;
  };
  try {
    await Bun.sleep(5000);
    const alone = await share();
    const reader = scene.reader(count, defaultKeeping.intervalMs);
    const heard = heardBy(reader);
    await until(() => heard.some(({ kind }) => kind === "sample"), { what: "they read", timeoutMs: 30_000 });
    const beside = await share();
    reader.kill("SIGKILL");
    await reader.exited;
    return beside - alone;
  } finally {
    await running.stop();
    rmSync(scene.home, { recursive: true });
  }
}

async function measure(seconds: number): Promise<Figure[]> {
  const { ratio, growthMb, hasResumed } = await stoppedReader(1000, seconds);
  return [
    { what: tick, unit: "times", value: ratio, target: { of: "value", atMost: 1.1 } },
    { what: memory, unit: "MB", value: growthMb, target: { of: "value", atMost: 10 } },
    { what: resumed, unit: "of 1", value: hasResumed ? 1 : 0, target: { of: "value", atLeast: 1 } },
    { what: idle, unit: "%", value: await idleReaders(64, 100, seconds), target: { of: "value", atMost: 1 } },
  ];
}

async function read(state: string, count: number, paceMs: number): Promise<void> {
  const { signal } = new AbortController();
  const one = async (isFirst: boolean) => {
    for await (const event of following(state, paceMs, signal)) {
      if (!isFirst) continue;
      const restarts =
        event.kind === "snapshot"
          ? Math.min(...event.snapshot.services.map(({ status }) => status.restarts ?? 0))
          : event.kind === "change"
            ? (event.observed.status.restarts ?? 0)
            : 0;
      process.stdout.write(`${JSON.stringify({ kind: event.kind, restarts })}\n`);
    }
  };
  await Promise.all(Array.from({ length: count }, (_, i) => one(i === 0)));
}

if (import.meta.main) {
  const [word, state = "", count, paceMs] = process.argv.slice(2);
  if (word === "read") await read(state, Number(count), Number(paceMs));
  else console.log(JSON.stringify(await measure(Number(word))));
  process.exit(0);
}
