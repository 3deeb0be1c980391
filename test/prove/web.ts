// What the web server costs: requests with 1,000 services, idle WebSockets, and clients that reconnect.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { following } from "../e2e/kill-watcher.ts";
import { until } from "../harness.ts";
import { fullToken, webOf } from "../web/scene.ts";
import { AgentScene } from "./agent-scene.ts";
import { call } from "./pm2/call.ts";
import type { Figure, Proof } from "./proof.ts";

const program = join(import.meta.dir, "../../dist/bs9");
const perSecond = 50;
const idleSockets = 10;
/** Reconnects before the first reading, which fill the caches of the allocator. */
const warmingUp = 300;

const slow = "p95 of GET /api/metrics with 1,000 services under 50 requests a second";
const idle = "share of a core for ten idle WebSockets with 100 services";
const memory = "memory of the server after 1,000 reconnects, beside before";
const descriptors = "file descriptors of the server after 1,000 reconnects, more than before";

export const proof: Proof = {
  word: "web",
  what: "the web server under 50 requests a second with 1,000 services, with idle WebSockets, and with clients that reconnect",
  figures: [slow, idle, memory, descriptors],
  impossible: () => null,
  async run(report) {
    report.command(`bun ${relative(process.cwd(), import.meta.path)} measure`);
    for (const figure of JSON.parse((await call(process.execPath, import.meta.path, "measure")).stdout) as Figure[]) report.figure(figure);
  },
};

type Server = { child: Bun.Subprocess<"ignore", "pipe", "inherit">; url: string; token: string };

/** The built bs9 web beside an agent with that many services. */
async function withServer<T>(services: number, work: (server: Server) => Promise<T>): Promise<T> {
  const scene = new AgentScene(services);
  const running = await scene.agent(5000);
  const env = { PATH: "/usr/bin:/bin", HOME: scene.home, BS9_HOME: scene.home, BS9_BACKEND: "supervisor" };
  const child = Bun.spawn([program, "web", "--quiet"], { cwd: scene.home, env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const { value } = await child.stdout.getReader().read();
    const url = new TextDecoder().decode(value).trim();
    return await work({ child, url, token: readFileSync(join(scene.paths.config, "web.token"), "utf8").trim() });
  } finally {
    child.kill("SIGTERM");
    await child.exited;
    await running.stop();
    rmSync(scene.home, { recursive: true, force: true });
  }
}

/**
 * The 95th percentile of requests that are sent at a fixed pace, whether or not the earlier ones were answered. The client is a
 * process of its own, because this one is the agent.
 */
export function slowestOf(services: number, seconds: number): Promise<number> {
  return withServer(services, async ({ url, token }) => {
    const { stdout } = await call(process.execPath, import.meta.path, "ask", url, token, String(services), String(seconds));
    return Number(stdout);
  });
}

async function ask(url: string, token: string, services: number, seconds: number): Promise<number> {
  const once = async (): Promise<number> => {
    const beganMs = performance.now();
    const answered = await fetch(`${url}api/metrics`, { headers: { Authorization: `Bearer ${token}` } });
    const text = await answered.text();
    const tookMs = performance.now() - beganMs;
    const count = text.split('"name":').length - 1;
    if (count < services) throw new Error(`status ${answered.status}, ${count} services: ${text.slice(0, 200)}`);
    return tookMs;
  };
  // The first answers compile code, and begin the stream of changes.
  for (let i = 0; i < 40; i++) {
    await once();
    await Bun.sleep(50);
  }
  const asked: Promise<number>[] = [];
  const beganMs = performance.now();
  while (asked.length < seconds * perSecond) {
    asked.push(once());
    await Bun.sleep(Math.max(0, beganMs + (asked.length * 1000) / perSecond - performance.now()));
  }
  const took = (await Promise.all(asked)).toSorted((one, other) => one - other);
  return took[Math.floor(took.length * 0.95)] ?? Number.NaN;
}

/** Connects, and resolves once the snapshot has come. */
async function connected(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}api/events`, { headers: { Authorization: `Bearer ${token}` } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onmessage = (event) => {
    if (String(event.data).includes('"snapshot"')) resolve();
  };
  socket.onclose = ({ code }) => reject(new Error(`the WebSocket was closed with ${code}`));
  await promise;
  return socket;
}

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The share of a core that the server uses while that many WebSockets are open. */
function idleShare(services: number, seconds: number): Promise<number> {
  return withServer(services, async ({ child, url, token }) => {
    const sockets = await Promise.all(Array.from({ length: idleSockets }, () => connected(url, token)));
    await Bun.sleep(5000);
    const [cpu, beganMs] = [cpuMsOf(child.pid), performance.now()];
    await Bun.sleep(seconds * 1000);
    const percent = ((cpuMsOf(child.pid) - cpu) / (performance.now() - beganMs)) * 100;
    for (const socket of sockets) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error("a WebSocket was closed");
      socket.close();
    }
    return percent;
  });
}

type Reading = { bytes: number; descriptors: number };

/** What a server in a process of its own holds before and after that many clients have connected and gone. */
export async function reconnects(services: number, count: number): Promise<{ before: Reading; after: Reading }> {
  const scene = new AgentScene(services);
  const running = await scene.agent(5000);
  const argv = [process.execPath, import.meta.path, "serve", scene.paths.state];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"], ipc: () => {} });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const line = async () => JSON.parse((await lines.read()).value ?? "null");
  const read = async (): Promise<Reading> => {
    child.send("read");
    return line();
  };
  try {
    const { port } = await line();
    const url = `http://127.0.0.1:${port}/`;
    const connect = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const socket = await connected(url, fullToken);
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.onclose = () => resolve();
        socket.close();
        await promise;
      }
    };
    await connect(Math.min(warmingUp, count));
    const before = await read();
    await connect(count);
    let after = await read();
    // The server sees the end of the last connection a moment later.
    await until(
      async () => {
        after = await read();
        return after.descriptors <= before.descriptors;
      },
      { what: "the descriptors are closed", timeoutMs: 5000 },
    ).catch(() => {});
    return { before, after };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    await running.stop();
    rmSync(scene.home, { recursive: true, force: true });
  }
}

async function serve(state: string): Promise<void> {
  const web = webOf({ follow: ({ paceMs, signal }) => following(state, paceMs ?? 5000, signal) });
  console.log(JSON.stringify({ port: web.port }));
  process.on("message", () => {
    Bun.gc(true);
    const reading: Reading = { bytes: process.memoryUsage.rss(), descriptors: readdirSync("/proc/self/fd").length };
    console.log(JSON.stringify(reading));
  });
}

async function measure(): Promise<Figure[]> {
  const p95 = await slowestOf(1000, 20);
  const percent = await idleShare(100, 60);
  const { before, after } = await reconnects(100, 1000);
  return [
    { what: slow, unit: "ms", value: p95, target: { of: "value", atMost: 20 } },
    { what: idle, unit: "%", value: percent, target: { of: "value", atMost: 1 } },
    { what: memory, unit: "times", value: after.bytes / before.bytes, target: { of: "value", atMost: 1.05 } },
    { what: descriptors, unit: "of them", value: after.descriptors - before.descriptors, target: { of: "value", atMost: 0 } },
  ];
}

if (import.meta.main) {
  const [word, first = "", token = "", services, seconds] = process.argv.slice(2);
  if (word === "serve") await serve(first);
  else if (word === "ask") console.log(await ask(first, token, Number(services), Number(seconds)));
  else {
    console.log(JSON.stringify(await measure()));
    process.exit(0);
  }
}
