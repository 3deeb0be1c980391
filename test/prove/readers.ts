// Readers of the agent: a reader that is stopped while 1,000 services change, and 64 idle readers beside 100 services.
import { rmSync } from "node:fs";
import { relative } from "node:path";
import { defaultKeeping } from "../../src/config/keeping.ts";
import type { ModelEvent } from "../../src/status/events.ts";
import { following } from "../e2e/kill-watcher.ts";
import { until } from "../harness.ts";
import { AgentScene } from "./agent-scene.ts";
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

/** A process with `count` readers, each of which counts its events; the first one also reports their kinds. */
function readerOf({ paths }: AgentScene, count: number, paceMs: number): Bun.Subprocess<"ignore", "pipe", "inherit"> {
  const argv = [process.execPath, import.meta.path, "read", paths.state, String(count), String(paceMs)];
  return Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"] });
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
  const scene = new AgentScene(services, endBytes);
  const running = await scene.agent(1000);
  const changing = setInterval(() => scene.change(), 1000);
  const ticksCpuMs = async (): Promise<number> => {
    const from = (await scene.client.self())?.ticks ?? 0;
    const isOver = async () => ((await scene.client.self())?.ticks ?? 0) >= from + seconds;
    await until(isOver, { what: `${seconds} ticks`, timeoutMs: (seconds + 60) * 1000 });
    return (await scene.client.self())?.tickCpuMs?.mean ?? Number.NaN;
  };
  const reader = readerOf(scene, 1, 1000);
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
  const scene = new AgentScene(services);
  const running = await scene.agent(defaultKeeping.intervalMs);
  const share = async (): Promise<number> => {
    const [cpu, atMs] = [cpuMs(), performance.now()];
    await Bun.sleep(seconds * 1000);
    return ((cpuMs() - cpu) / (performance.now() - atMs)) * 100;
  };
  try {
    await Bun.sleep(5000);
    const alone = await share();
    const reader = readerOf(scene, count, defaultKeeping.intervalMs);
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
