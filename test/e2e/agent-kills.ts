// kill -9 of the real agent in a lab, over and over, and the effects on the apps and the database.
import type { Lab } from "../harness.ts";
import { until } from "../harness.ts";
import { fetchIn, statusOf } from "./bs9.ts";

export type AgentKills = {
  /** The number of kills after which the app had another pid. */
  appsTouched: number;
  /** The longest time from the last stored tick to the kill. */
  longestGapMs: number;
  /** The result of SQLite's integrity check at the end. */
  integrity: string;
  /** The number of watches (periods without a gap in which bs9 observed the services) in metrics.db. */
  watches: number;
};

/** Kills the agent that often. The service `web` listens on `port` and answers with its pid. */
export async function killAgent(it: Lab, { rounds, port }: { rounds: number; port: number }): Promise<AgentKills> {
  const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
  const agentPid = async () => Number((await sh("systemctl --user show -P MainPID bs9-agent")).stdout);
  const appPid = async () => (await fetchIn<{ pid: number }>(it, port, "/")).pid;
  const app = await appPid();
  const result: AgentKills = { appsTouched: 0, longestGapMs: 0, integrity: "", watches: 0 };
  for (let round = 0; round < rounds; round++) {
    const pid = await agentPid();
    const killedMs = Date.now();
    await sh(`kill -9 ${pid}`);
    const lastMs = (await query(it, "SELECT max(toMs) AS value FROM watch"))[0]?.value;
    result.longestGapMs = Math.max(result.longestGapMs, killedMs - Number(lastMs));
    if ((await statusOf(it, "web")).pid !== app || (await appPid()) !== app) result.appsTouched++;
    const isBack = async () => (await agentPid()) !== pid && (await statusOf(it, "web")).figuresFrom === "agent";
    await until(isBack, { what: "the agent is back", timeoutMs: 30_000 });
    // A random time, so that the kills hit different moments of the agent's work.
    await Bun.sleep(Math.random() * 1500);
  }
  result.integrity = String((await query(it, "SELECT integrity_check AS value FROM pragma_integrity_check"))[0]?.value);
  result.watches = Number((await query(it, "SELECT count(*) AS value FROM watch"))[0]?.value);
  return result;
}

async function query(it: Lab, sql: string): Promise<{ value: unknown }[]> {
  const script =
    'const {Database} = require("bun:sqlite"); const db = new Database(process.env.HOME + "/.config/bs9/metrics/metrics.db"); console.log(JSON.stringify(db.query(process.env.SQL).all()))';
  const { stdout, stderr } = await it.asUser("ops", ["bs9", "-e", script], { env: { BUN_BE_BUN: "1", SQL: sql } });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout) as { value: unknown }[];
}
