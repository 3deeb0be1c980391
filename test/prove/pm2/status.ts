// 300 and 1,000 services that run the same small program: the cost of seeing them all, and the cost of the agent.
import { chmodSync } from "node:fs";
import { call } from "./call.ts";
import { atMostOf, type Comparison } from "./rounds.ts";
import { startCopies } from "./speed.ts";

const sizes = [
  { services: 300, target: 0.5 },
  { services: 1000, target: 0.15 },
];
const rounds = 11;
const settleMs = 15_000;

export async function status(): Promise<Comparison[]> {
  // The services run a shell script and not a Node program, because PM2 would need 13 GB for so many.
  await Bun.write("apps/sleeper", "#!/bin/sh\nexec sleep infinity\n");
  chmodSync("apps/sleeper", 0o755);
  const figures: Comparison[] = [];
  for (const { services, target } of sizes) figures.push(...(await measured(services, target)));
  await call("pm2", "delete", "all");
  return figures;
}

async function measured(services: number, target: number): Promise<Comparison[]> {
  const names = Array.from({ length: services }, (_, i) => `s${i + 1}`);
  await startCopies(names);
  const script = `${process.cwd()}/apps/sleeper`;
  await Bun.write("ecosystem.json", JSON.stringify({ apps: names.map((name) => ({ name, script, interpreter: "none" })) }));
  await call("pm2", "delete", "all").catch(() => {});
  await call("pm2", "start", "ecosystem.json");
  // After this time the agent has read each of the services once.
  await Bun.sleep(settleMs);

  const list: Comparison = { what: `status of ${services}, pm2 ls`, bs9: [], peer: [], target: atMostOf(target) };
  const json: Comparison = { what: `status of ${services}, pm2 jlist`, bs9: [], peer: [], target: null };
  const table: Comparison = { what: `status of ${services} as a table, pm2 ls`, bs9: [], peer: list.peer, target: null };
  for (let round = 0; round < rounds; round++) {
    const mine = await call("bs9", "status", "--json");
    const statuses = JSON.parse(mine.stdout) as { state: string; figuresFrom: string }[];
    count("bs9", statuses.filter(({ state, figuresFrom }) => state === "active" && figuresFrom === "agent").length, services);
    list.bs9.push(mine.ms);
    json.bs9.push(mine.ms);
    table.bs9.push((await call("bs9", "status")).ms);
    list.peer.push((await call("pm2", "ls")).ms);
    const theirs = await call("pm2", "jlist");
    const listed = JSON.parse(theirs.stdout) as { pm2_env: { status: string } }[];
    count("PM2", listed.filter(({ pm2_env }) => pm2_env.status === "online").length, services);
    json.peer.push(theirs.ms);
  }
  return [list, table, json];
}

function count(whose: string, listed: number, expected: number): void {
  if (listed !== expected) throw new Error(`${whose} lists ${listed} running services instead of ${expected}`);
}
