// A million lines at full speed, and 200,000 at 20,000 a second: how many arrive, and the CPU time that the collector needs.
import { chmodSync, existsSync, rmSync } from "node:fs";
import { call } from "./call.ts";
import { cpuSecOf, pm2Pid, Supervisor } from "./daemon.ts";
import { atMostOf, type Comparison } from "./rounds.ts";

const kinds = [
  {
    name: "flat",
    lines: 1_000_000,
    what: "1,000,000 lines flat out",
    text: '#!/bin/sh\nseq 1 1000000\n: >"${0%/*}/done"\nexec sleep infinity\n',
  },
  {
    name: "paced",
    lines: 200_000,
    what: "200,000 lines at 20,000 a second",
    text: '#!/bin/sh\nfor n in 0 1 2 3 4 5 6 7 8 9; do seq $((n * 20000 + 1)) $((n * 20000 + 20000)); sleep 1; done\n: >"${0%/*}/done"\nexec sleep infinity\n',
  },
];
type Kind = (typeof kinds)[number];
type Outcome = { lines: number; cpuSec: number };

/** After this time without CPU use by the collector, everything that was written has been read. */
const quietMs = 1500;

export async function logs(): Promise<Comparison[]> {
  const figures: Comparison[] = [];
  for (const kind of kinds) {
    await Bun.write(`${kind.name}/app`, kind.text);
    chmodSync(`${kind.name}/app`, 0o755);
    const theirs = await underPm2(kind);
    for (const [where, mine] of [
      ["--log file on systemd", await onSystemd(kind)],
      ["supervisor", await inSupervisor(kind)],
    ] as const) {
      figures.push({
        what: `${kind.what}, ${where}: whole`,
        unit: "lines",
        bs9: [mine.lines],
        peer: [theirs.lines],
        target: { of: "value", atLeast: kind.lines },
      });
      figures.push({ what: `${kind.what}, ${where}: CPU`, unit: "s", bs9: [mine.cpuSec], peer: [theirs.cpuSec], target: atMostOf(1) });
    }
  }
  return figures;
}

async function underPm2(kind: Kind): Promise<Outcome> {
  await call("pm2", "kill");
  await call("pm2", "ping");
  await call("pm2", "start", `${kind.name}/app`, "--name", kind.name, "--interpreter", "none");
  const cpuSec = await worked([pm2Pid()], kind);
  const lines = whole(await Bun.file(`${process.env["HOME"]}/.pm2/logs/${kind.name}-out.log`).text());
  await call("pm2", "delete", "all");
  await call("pm2", "kill");
  return { lines, cpuSec };
}

/** On systemd no process of bs9 reads the lines of services: journald does, and the user manager may need CPU for it. */
async function onSystemd(kind: Kind): Promise<Outcome> {
  const pids = async (...argv: string[]) => Number((await call("systemctl", "show", "--value", "--property=MainPID", ...argv)).stdout);
  const collectors = [await pids("systemd-journald.service"), await pids(`user@${process.getuid?.()}.service`)];
  await call("bs9", "start", `${kind.name}/app`, "--name", kind.name, "--log", "file", "--wait", "0");
  const cpuSec = await worked(collectors, kind);
  const lines = whole((await call("bs9", "logs", kind.name, "-n", String(kind.lines))).stdout);
  await call("bs9", "delete", kind.name, "--yes");
  return { lines, cpuSec };
}

async function inSupervisor(kind: Kind): Promise<Outcome> {
  const own = new Supervisor("suplogs");
  await Bun.write("suplogs.toml", `[services.idle]\nentry = "${kind.name}/idle"\n`);
  await Bun.write(`${kind.name}/idle`, "#!/bin/sh\nexec sleep infinity\n");
  chmodSync(`${kind.name}/idle`, 0o755);
  own.run("suplogs.toml");
  await own.call("start", `${kind.name}/app`, "--name", kind.name, "--wait", "0");
  const cpuSec = await worked([own.pid], kind);
  const lines = whole((await own.call("logs", kind.name, "-n", String(kind.lines))).stdout);
  await own.call("delete", "all", "--yes");
  await own.end();
  return { lines, cpuSec };
}

/** Waits until the app has written everything and the collectors are idle; returns the CPU time that they used. */
async function worked(collectors: number[], { name }: Kind): Promise<number> {
  const used = () => collectors.reduce((sum, pid) => sum + cpuSecOf(pid), 0);
  const before = used();
  const end = performance.now() + 120_000;
  while (!existsSync(`${name}/done`)) {
    if (performance.now() > end) throw new Error(`${name} has not written its lines within 120 s`);
    await Bun.sleep(20);
  }
  rmSync(`${name}/done`);
  await Bun.sleep(quietMs);
  return used() - before;
}

/** How many of the numbers arrived, in order. */
function whole(text: string): number {
  let next = 1;
  for (const line of text.split("\n")) if (Number(line.slice(line.lastIndexOf(" ") + 1)) === next) next += 1;
  return next - 1;
}
