// The time of everyday acts: start and stop of one service beside PM2 and systemctl, stop and restart of 100 beside systemctl.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { call } from "./call.ts";
import { writeApps } from "./restart.ts";
import { atMostOf, type Comparison } from "./rounds.ts";

const rounds = 20;
const roundsOfMany = 7;
const many = 100;

export async function speed(): Promise<Comparison[]> {
  return [...(await one()), ...(await all())];
}

/** Each round starts and stops a service that did not exist before. The agent runs all the time, because one service stays. */
async function one(): Promise<Comparison[]> {
  await writeApps();
  await call("bs9", "start", "apps/node.js", "--name", "stays", "--runtime", "node", "--wait", "0");
  await call("pm2", "start", "apps/node.js", "--name", "stays");
  const start: Comparison = { what: "start of a new service, pm2 start", bs9: [], peer: [], target: atMostOf(0.8) };
  const bare: Comparison = {
    what: "start of a new service, systemctl",
    peerName: "systemctl",
    bs9: start.bs9,
    peer: [],
    target: atMostOf(1.3),
  };
  const stop: Comparison = { what: "stop of a service, pm2 stop", bs9: [], peer: [], target: atMostOf(0.8) };
  for (let round = 0; round < rounds; round++) {
    const name = `new${round}`;
    start.bs9.push((await call("bs9", "start", "apps/node.js", "--name", name, "--runtime", "node", "--wait", "0")).ms);
    start.peer.push((await call("pm2", "start", "apps/node.js", "--name", name)).ms);
    stop.bs9.push((await call("bs9", "stop", name)).ms);
    stop.peer.push((await call("pm2", "stop", name)).ms);
    bare.peer.push(await bareStart(`bare${round}`, name));
    await call("pm2", "delete", name);
  }
  await call("pm2", "kill");
  await call("bs9", "delete", "all", "--yes");
  return [start, bare, stop];
}

/** What systemd alone needs for the same unit: the unit that bs9 wrote, under another name. */
async function bareStart(name: string, of: string): Promise<number> {
  const units = `${process.env["HOME"]}/.config/systemd/user`;
  writeFileSync(`${units}/${name}.service`, readFileSync(`${units}/${of}.service`));
  const reload = await call("systemctl", "--user", "daemon-reload");
  const start = await call("systemctl", "--user", "start", `${name}.service`);
  await call("systemctl", "--user", "stop", `${name}.service`);
  return reload.ms + start.ms;
}

async function all(): Promise<Comparison[]> {
  await Bun.write("apps/sleeper", "#!/bin/sh\nexec sleep infinity\n");
  chmodSync("apps/sleeper", 0o755);
  const names = Array.from({ length: many }, (_, i) => `s${i + 1}`);
  const units = names.map((name) => `${name}.service`);
  await startCopies(names);
  const peerName = "systemctl";
  const stop: Comparison = { what: `stop all of ${many}, systemctl stop bs9.slice`, peerName, bs9: [], peer: [], target: atMostOf(2) };
  const restart: Comparison = { what: `restart all of ${many}, systemctl restart`, peerName, bs9: [], peer: [], target: atMostOf(1.15) };
  for (let round = 0; round < roundsOfMany; round++) {
    restart.bs9.push((await call("bs9", "restart", "all")).ms);
    restart.peer.push((await call("systemctl", "--user", "restart", ...units)).ms);
    stop.bs9.push((await call("bs9", "stop", "all")).ms);
    await call("bs9", "start", "all");
    stop.peer.push((await call("systemctl", "--user", "stop", "bs9.slice")).ms);
    await call("bs9", "start", "all");
  }
  await call("bs9", "delete", "all", "--yes");
  return [stop, restart];
}

/** Starts the first service by its entry. The others are its spec under other names, and one command starts all of them. */
export async function startCopies(names: string[]): Promise<void> {
  await call("bs9", "start", "apps/sleeper", "--name", names[0] ?? "", "--wait", "0");
  const folder = `${process.env["HOME"]}/.config/bs9/services`;
  const spec = JSON.parse(readFileSync(`${folder}/${names[0]}.json`, "utf8")) as Record<string, unknown>;
  for (const name of names) writeFileSync(`${folder}/${name}.json`, JSON.stringify({ ...spec, name }), { mode: 0o600 });
  await call("bs9", "start", "all");
}
