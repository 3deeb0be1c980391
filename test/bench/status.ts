// 300 services, the same small program in each: what it costs to see them all.
import { chmodSync } from "node:fs";
import { call } from "./command.ts";
import type { Figure } from "./figure.ts";

const services = 300;
const rounds = 11;

export async function status(): Promise<Figure[]> {
  // No Node program: PM2 would need 13 GB for those.
  await Bun.write("apps/sleeper", "#!/bin/sh\nexec sleep infinity\n");
  chmodSync("apps/sleeper", 0o755);
  const names = Array.from({ length: services }, (_, i) => `s${i + 1}`);
  for (const name of names) await call("bs9", "start", "apps/sleeper", "--name", name, "--wait", "0");
  const script = `${process.cwd()}/apps/sleeper`;
  await Bun.write("ecosystem.json", JSON.stringify({ apps: names.map((name) => ({ name, script, interpreter: "none" })) }));
  await call("pm2", "start", "ecosystem.json");

  const list: Figure = { what: `status of ${services}, pm2 ls`, bs9: [], pm2: [], target: 0.5 };
  const json: Figure = { what: `status of ${services}, pm2 jlist`, bs9: [], pm2: [], target: null };
  const table: Figure = { what: `status of ${services} as a table, pm2 ls`, bs9: [], pm2: list.pm2, target: null };
  for (let round = 0; round < rounds; round++) {
    const mine = await call("bs9", "status", "--json");
    count("bs9", (JSON.parse(mine.stdout) as { state: string }[]).filter(({ state }) => state === "active").length);
    list.bs9.push(mine.ms);
    json.bs9.push(mine.ms);
    table.bs9.push((await call("bs9", "status")).ms);
    list.pm2.push((await call("pm2", "ls")).ms);
    const theirs = await call("pm2", "jlist");
    count(
      "PM2",
      (JSON.parse(theirs.stdout) as { pm2_env: { status: string } }[]).filter(({ pm2_env }) => pm2_env.status === "online").length,
    );
    json.pm2.push(theirs.ms);
  }
  await call("pm2", "delete", "all");
  return [list, table, json];
}

function count(whose: string, listed: number): void {
  if (listed !== services) throw new Error(`${whose} lists ${listed} running services instead of ${services}`);
}
