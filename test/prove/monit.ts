// What `bs9 monit` costs: with 1,000 services, and with 20 idle ones beside the dashboards that people leave open otherwise.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../harness.ts";
import { Pty } from "../monit/terminal.ts";
import { Place } from "../supervisor/bs9.ts";
import { AgentScene } from "./agent-scene.ts";
import type { Proof } from "./proof.ts";

const program = join(import.meta.dir, "../../dist/bs9");
const screen = { columns: 120, rows: 40 };
/** The first seconds compile code and read the history; they are not what a dashboard costs that stays open. */
const settleMs = 10_000;
const seconds = 60;
const keys = 100;

const cpu = "CPU of monit with 1,000 services";
const memory = "memory (RSS) of monit with 1,000 services";
const slowest = "slowest of 100 answers to a key with 1,000 services";

export const proof: Proof = {
  word: "monit",
  what: "what bs9 monit costs with 1,000 services and a refresh of 1 s, and how soon it answers a key",
  figures: [cpu, memory, slowest],
  impossible: () => null,
  async run(report) {
    report.command("bs9 monit");
    const { cpuPercent, rssMb, slowestMs } = await withServices(1000, seconds, keys);
    report.figure({ what: cpu, unit: "% of a core", value: cpuPercent, target: { of: "value", atMost: 3 } });
    report.figure({ what: memory, unit: "MB", value: rssMb, target: { of: "value", atMost: 90 } });
    report.figure({ what: slowest, unit: "ms", value: slowestMs, target: { of: "value", atMost: 50 } });
  },
};

export async function withServices(count: number, forSeconds: number, presses: number) {
  const scene = new AgentScene(count);
  const running = await scene.agent(5000);
  const env = { PATH: "/usr/bin:/bin", HOME: scene.home, BS9_HOME: scene.home, BS9_BACKEND: "supervisor", ...terminalEnv };
  const pty = new Pty([program, "monit"], { ...screen, cwd: scene.home, env });
  try {
    await pty.shows(/\d+ up/, 60_000);
    const { cpuPercent } = await cost(pty, forSeconds);
    let slowestMs = 0;
    for (let i = 0; i < presses; i++) {
      const beganMs = performance.now();
      // The cursor of the table is in the answer to the key, and in no frame that only brings new figures.
      await pty.answered(i % 2 === 0 ? "j" : "k", ">");
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      await Bun.sleep(50 + Math.random() * 100);
    }
    return { cpuPercent, rssMb: rssOf(pty.child.pid) / 1e6, slowestMs };
  } finally {
    pty.close();
    await running.stop();
    rmSync(scene.home, { recursive: true, force: true });
  }
}

const terminalEnv = { TERM: "xterm-256color", LANG: "C.UTF-8" };

/** CPU and written bytes of the program in the terminal, after it has settled. */
async function cost(pty: Pty, forSeconds: number): Promise<{ cpuPercent: number; bytesPerSecond: number }> {
  await Bun.sleep(settleMs);
  const [cpuBefore, bytesBefore, beganMs] = [cpuMsOf(pty.child.pid), pty.bytes, performance.now()];
  await Bun.sleep(forSeconds * 1000);
  const tookMs = performance.now() - beganMs;
  return {
    cpuPercent: ((cpuMsOf(pty.child.pid) - cpuBefore) / tookMs) * 100,
    bytesPerSecond: ((pty.bytes - bytesBefore) / tookMs) * 1000,
  };
}

/** User and system time of a process in steps of 10 ms, from proc_pid_stat(5). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
}

const services = 20;
const peerNames = ["pm2", "htop", "btop", "atop"] as const;
const bytesBeside = (name: string) => `bytes per second on the screen with ${services} idle services, beside ${name}`;
const cpuBeside = (name: string) => `CPU with ${services} idle services, beside ${name}`;

export const peers: Proof = {
  word: "monit-peers",
  what: "what bs9 monit writes and costs with 20 idle services, beside pm2 monit, htop, btop and atop in the same terminal",
  figures: peerNames.flatMap((name) => [bytesBeside(name), cpuBeside(name)]),
  impossible() {
    const missing = peerNames.filter((name) => Bun.which(name) === null);
    return missing.length === 0 ? null : `not on PATH: ${missing.join(", ")} (apt-get install htop btop atop; npm install -g pm2)`;
  },
  async run(report) {
    const place = new Place();
    try {
      place.write("app/package.json", "{}");
      place.write("app/idle.js", "setInterval(() => {}, 1000);");
      for (let i = 1; i <= services; i++) await place.bs9("start", "app/idle.js", "--name", `s${i}`, "--wait", "0");
      // In its first minute each service shows its age in seconds; a dashboard that stays open shows older services.
      await until(() => youngestMs(place).then((ms) => ms > 60_000), { what: "the services are a minute old", timeoutMs: 90_000 });
      report.command("bs9 monit");
      const own = await costOf([program, "monit"], { ...place.env, ...terminalEnv });
      for (const name of peerNames) {
        const { argv, env, end } = await peerOf(name, join(place.folder, "app/idle.js"));
        report.command(argv.join(" "));
        const peer = await costOf(argv, { ...process.env, ...env, ...terminalEnv } as Record<string, string>).finally(end);
        const isPm2 = name === "pm2";
        report.figure({
          what: bytesBeside(name),
          unit: "bytes/s",
          value: own.bytesPerSecond,
          peer: { name, value: peer.bytesPerSecond },
          target: { of: "ratio", atMost: 1 },
        });
        report.figure({
          what: cpuBeside(name),
          unit: "% of a core",
          value: own.cpuPercent,
          peer: { name, value: peer.cpuPercent },
          target: isPm2 ? { of: "ratio", atMost: 1 } : null,
        });
      }
    } finally {
      await place.down();
    }
  },
};

async function youngestMs(place: Place): Promise<number> {
  const { stdout } = await place.bs9("status", "--json");
  return Math.min(...(JSON.parse(stdout) as { uptimeMs: number }[]).map(({ uptimeMs }) => uptimeMs));
}

async function costOf(argv: string[], env: Record<string, string>): Promise<{ cpuPercent: number; bytesPerSecond: number }> {
  const pty = new Pty(argv, { ...screen, cwd: tmpdir(), env });
  try {
    return await cost(pty, seconds);
  } finally {
    pty.close();
  }
}

type Peer = { argv: string[]; env: Record<string, string>; end(): Promise<void> };

/** Each is set to 1 s where it can be; pm2 monit has a pace of its own. */
async function peerOf(name: (typeof peerNames)[number], app: string): Promise<Peer> {
  const none = async () => {};
  const folder = mkdtempSync(join(tmpdir(), "bs9-peer-"));
  const gone = async () => rmSync(folder, { recursive: true, force: true });
  switch (name) {
    case "htop":
      return { argv: ["htop", "--delay=10"], env: {}, end: none };
    case "atop":
      return { argv: ["atop", "1"], env: {}, end: none };
    case "btop": {
      await Bun.write(join(folder, "btop/btop.conf"), "update_ms = 1000\n");
      return { argv: ["btop"], env: { XDG_CONFIG_HOME: folder }, end: gone };
    }
    case "pm2": {
      const env = { PM2_HOME: folder };
      const apps = Array.from({ length: services }, (_, i) => ({ name: `s${i + 1}`, script: app }));
      writeFileSync(join(folder, "ecosystem.json"), JSON.stringify({ apps }));
      const pm2 = (...words: string[]) =>
        Bun.spawn(["pm2", ...words], { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "ignore"] }).exited;
      await pm2("start", join(folder, "ecosystem.json"));
      return {
        argv: ["pm2", "monit"],
        env,
        async end() {
          await pm2("kill");
          await gone();
        },
      };
    }
  }
}
