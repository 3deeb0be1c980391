// bs9's own supervisor beside PM2's daemon: memory with 0, 100 and 1,000 services, the time to start 100, and from kill -9 to
// serving.
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { call } from "./call.ts";
import { memoryOf, pm2Pid, Supervisor } from "./daemon.ts";
import { outageOf, rounds, writeApps } from "./restart.ts";
import { atMostOf, type Comparison } from "./rounds.ts";

const counts = [0, 100, 1000];
const startRounds = 3;
/** After this time the memory of the start is released (src/supervisor/daemon.ts), and PM2 has collected its garbage. */
const settledMs = 12_000;

export async function supervisor(): Promise<Comparison[]> {
  const started: Comparison = { what: "start of 100 (bs9 run FILE, pm2 start FILE)", bs9: [], peer: [], target: atMostOf(1) };
  const again: Comparison = { what: "start of 100 defined (start all, pm2 restart all)", bs9: [], peer: [], target: null };
  for (let round = 0; round < startRounds; round++) await starts(started, again);
  const memory: Comparison[] = [];
  for (const count of counts) memory.push(...(await held(count)));
  return [...memory, started, again, ...(await outages())];
}

async function starts(started: Comparison, again: Comparison): Promise<void> {
  const names = await write("many", 100);
  const own = new Supervisor("sup");
  started.bs9.push(await untilUp("many", 100, async () => own.run("many/bs9.toml")));
  // The services that came up with `bs9 run` have records by then, so one command can stop and start all of them.
  await own.call("stop", "all");
  empty("many");
  again.bs9.push(await untilUp("many", 100, () => own.call("start", "all")));
  await own.end();
  await own.call("delete", "all", "--yes").catch(() => {});
  rmSync(own.env["BS9_HOME"] ?? "", { recursive: true, force: true });

  await call("pm2", "ping");
  empty("many");
  started.peer.push(await untilUp("many", names.length, () => call("pm2", "start", "many/ecosystem.json")));
  await call("pm2", "stop", "all");
  empty("many");
  again.peer.push(await untilUp("many", names.length, () => call("pm2", "restart", "all")));
  await call("pm2", "delete", "all");
  await call("pm2", "kill");
}

async function held(count: number): Promise<Comparison[]> {
  const own = new Supervisor(`sup${count}`);
  await write("many", Math.max(1, count));
  own.run("many/bs9.toml");
  await up("many", Math.max(1, count));
  await Bun.sleep(settledMs);
  const withFile = memoryOf(own.pid);
  // A supervisor without services ends, so the memory with 0 services is measured with one stopped service.
  if (count === 0) await own.call("stop", "all");
  await own.end();
  empty("many");
  own.run();
  await up("many", count);
  await call("pm2", "kill");
  await call("pm2", "ping");
  if (count > 0) {
    empty("many");
    await call("pm2", "start", "many/ecosystem.json");
    await up("many", count);
  }
  await Bun.sleep(settledMs);
  const [mine, theirs] = [memoryOf(own.pid), memoryOf(pm2Pid())];
  await call("pm2", "kill");
  await own.end();
  await own.call("delete", "all", "--yes").catch(() => {});
  const figure = (what: string, of: keyof typeof mine, target: Comparison["target"], held = mine): Comparison => ({
    what: `${what} with ${count}`,
    unit: "MB",
    bs9: [held[of]],
    peer: [theirs[of]],
    target,
  });
  const promised = count === 100 ? atMostOf(0.5) : null;
  return [
    figure("memory (RSS)", "rssMb", promised),
    figure("memory (PSS)", "pssMb", promised),
    figure("heap (anonymous)", "ownMb", null),
    figure("memory (RSS) of bs9 run FILE", "rssMb", null, withFile),
  ];
}

async function outages(): Promise<Comparison[]> {
  await writeApps();
  const own = new Supervisor("sup");
  await own.call("start", "apps/node.js", "--name", "node", "--runtime", "node", "--port", "4654");
  await own.call("start", "apps/bun.ts", "--name", "bun", "--port", "4655");
  await call("env", "PORT=4656", "pm2", "start", "apps/node.js", "--name", "node");
  await call("env", "PORT=4657", "pm2", "start", "apps/bun.ts", "--name", "bun", "--interpreter", "bun");
  const node: Comparison = { what: "kill -9 to serving, Node http, supervisor", bs9: [], peer: [], target: atMostOf(1) };
  const bun: Comparison = { what: "kill -9 to serving, Bun.serve, supervisor", bs9: [], peer: [], target: atMostOf(1) };
  for (let round = 0; round < rounds; round++) {
    // A restart by hand resets the count, because the delay of a crash loop is not measured here.
    await own.call("restart", "all");
    node.bs9.push(await outageOf(4654));
    node.peer.push(await outageOf(4656));
    bun.bs9.push(await outageOf(4655));
    bun.peer.push(await outageOf(4657));
  }
  await call("pm2", "delete", "all");
  await own.call("delete", "all", "--yes");
  return [node, bun];
}

/**
 * Writes files for bs9 and PM2 that run the same small program as this number of services; each creates a file when it runs.
 */
async function write(folder: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `s${i + 1}`);
  await Bun.write(`${folder}/app`, '#!/bin/sh\n: >"${0%/*}/up/$$"\nexec sleep infinity\n');
  chmodSync(`${folder}/app`, 0o755);
  const tables = names.map((name) => `[services.${name}]\nentry = "app"\nwait = "0"\n`);
  await Bun.write(`${folder}/bs9.toml`, tables.join("\n"));
  const apps = names.map((name) => ({ name, script: `${process.cwd()}/${folder}/app`, interpreter: "none" }));
  await Bun.write(`${folder}/ecosystem.json`, JSON.stringify({ apps }));
  empty(folder);
  return names;
}

function empty(folder: string): void {
  rmSync(`${folder}/up`, { recursive: true, force: true });
  mkdirSync(`${folder}/up`);
}

async function untilUp(folder: string, count: number, begin: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const begun = begin();
  const [tookMs] = await Promise.all([up(folder, count).then(() => performance.now() - began), begun]);
  return tookMs;
}

async function up(folder: string, count: number): Promise<void> {
  const end = performance.now() + 300_000;
  while (readdirSync(`${folder}/up`).length < count) {
    if (performance.now() > end) throw new Error(`${readdirSync(`${folder}/up`).length} of ${count} came up within 300 s`);
    await Bun.sleep(2);
  }
}
