// Rounds in which the supervisor is killed while it starts, restarts or stops services, and the effects of each round.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { linkOf, listProc, readProc } from "../../src/base/proc.ts";
import type { Status } from "../../src/status/schema.ts";
import { dice } from "../dice.ts";
import { until } from "../harness.ts";
import type { Outcome, Place } from "./bs9.ts";

export type Toll = {
  rounds: number;
  /** The number of supervisors that were killed. */
  kills: number;
  /** The number of rounds in which two processes of one service ran at once. */
  doubles: number;
  /** The number of processes that kept running after their service was stopped or deleted. */
  orphans: number;
  /** The number of command answers that contradict /proc. */
  wrong: number;
  /** The number of commands that reported that they could not act. */
  refusals: number;
  /** Descriptions of what went wrong. */
  troubles: string[];
};

const acts = ["start", "restart", "stop"] as const;
type Act = (typeof acts)[number];

/** Longer than any act on all services takes without a kill. */
const latestKillMs = 900;
/** About the time in which a supervisor starts 20 processes. */
const spawningMs = 30;
const workWithinMs = 1000;
const mostKills = 3;

export async function killing(place: Place, options: { services: number; rounds: number; seed: number }): Promise<Toll> {
  const toll: Toll = { rounds: options.rounds, kills: 0, doubles: 0, orphans: 0, wrong: 0, refusals: 0, troubles: [] };
  const roll = dice(options.seed);
  const names = Array.from({ length: options.services }, (_, i) => `s${i + 1}`);
  for (const name of names) await define(place, name);
  await settled(place, names, "active");
  for (let round = 1; round <= options.rounds; round++) {
    const act = acts[Math.floor(roll() * acts.length)] ?? "start";
    const kills = Array.from({ length: 1 + Math.floor(roll() * mostKills) }, (): Kill => {
      const isAtWork = roll() < 0.5;
      return { isAtWork, afterMs: roll() * (isAtWork ? spawningMs : latestKillMs) };
    });
    await killOnce(place, names, act, kills, (kind, what) => {
      toll[kind]++;
      toll.troubles.push(`round ${round} of seed ${options.seed}, ${act}: ${what}`);
    }).then((kills) => {
      toll.kills += kills;
    });
  }
  await place.bs9("delete", "all", "--yes");
  const left = [...processesOf(place).values()].flat();
  toll.orphans += left.length;
  if (left.length > 0) toll.troubles.push(`after the last round: pids ${left.join(", ")} are left`);
  return toll;
}

async function define(place: Place, name: string): Promise<void> {
  place.write(`${name}/run.sh`, "#!/bin/sh\nexec sleep 100000\n");
  chmodSync(join(place.folder, `${name}/run.sh`), 0o755);
  const { code, stderr } = await place.bs9("start", `${name}/run.sh`, "--name", name, "--wait", "0");
  if (code !== 0) throw new Error(`cannot start ${name}: ${stderr}`);
}

/** `isAtWork`: counted from the moment when the supervisor has a new child. */
type Kill = { isAtWork: boolean; afterMs: number };

type Report = (kind: "doubles" | "orphans" | "wrong" | "refusals", what: string) => void;

/** Returns how many supervisors were killed. */
async function killOnce(place: Place, names: string[], act: Act, planned: Kill[], report: Report): Promise<number> {
  const before = processesOf(place);
  const watch = watchForDoubles(place);
  let kills = 0;
  const killer = (async () => {
    for (const { isAtWork, afterMs } of planned) {
      if (isAtWork) await newChild(place);
      await Bun.sleep(afterMs);
      const pid = place.supervisor();
      if (pid === null) continue;
      process.kill(pid, "SIGKILL");
      kills++;
    }
  })();
  const answer = await place.bs9(act, "all", "--json");
  // The answer must be true when it is given, unless another kill follows before.
  const atAnswer = processesOf(place);
  await killer;
  judgeAnswer(answer, names, before, atAnswer, report);
  if (answer.code !== 0) await place.bs9(act, "all");
  await settled(place, names, act === "stop" ? "inactive" : "active").catch((error: Error) => report("wrong", error.message));
  const doubles = await watch.end();
  if (doubles.length > 0) report("doubles", `twice: ${doubles.join("; ")}`);
  return kills;
}

/** Resolves after some time, or once the current supervisor has a child that it did not have before. */
async function newChild(place: Place): Promise<void> {
  const endMs = performance.now() + workWithinMs;
  let [supervisor, known] = [place.supervisor(), new Set<string>()];
  const children = () => readProc(`${supervisor}/task/${supervisor}/children`)?.split(" ").filter(Boolean) ?? null;
  for (const pid of children() ?? []) known.add(pid);
  while (performance.now() < endMs) {
    const now = children();
    if (now === null) [supervisor, known] = [place.supervisor(), new Set()];
    else if (now.some((pid) => !known.has(pid))) return;
    await Bun.sleep(1);
  }
}

function judgeAnswer({ code, stdout, stderr }: Outcome, names: string[], before: Found, after: Found, report: Report): void {
  if (code !== 0) {
    report("refusals", `exit ${code}: ${stderr.trim()}`);
    return;
  }
  const told = (JSON.parse(stdout) as { name: string; result: string }[]).map(({ name, result }) => [name, result] as const);
  if (told.length !== names.length) report("wrong", `it answered for ${told.length} of ${names.length}`);
  for (const [name, result] of told) {
    const pids = after.get(name) ?? [];
    const old = before.get(name) ?? [];
    if (result === "stopped" && pids.length > 0) report("orphans", `${name} is ${result}, and pids ${pids.join(", ")} run`);
    if (result === "unchanged" && old.length === 0) report("wrong", `${name} is ${result}, and did not run before`);
    if (result === "restarted" && pids.some((pid) => old.includes(pid))) report("wrong", `${name} is ${result}, and runs as before`);
  }
}

/** Waits until `status` and /proc agree on each service. */
async function settled(place: Place, names: string[], state: "active" | "inactive"): Promise<void> {
  let last = "";
  const seen: string[] = [];
  const began = performance.now();
  const isSettled = async () => {
    const { stdout, stderr } = await place.bs9("status", "--json");
    const all = JSON.parse(stdout || "[]") as Status[];
    const found = processesOf(place);
    last = names
      .flatMap((name) => {
        const status = all.find((one) => one.name === name);
        const pids = found.get(name) ?? [];
        const isRight = status?.state === state && status.restarts === 0 && String(pids) === String(status.pid ?? []);
        return isRight ? [] : [`${name} is ${status?.state} with pid ${status?.pid}, ${status?.restarts} restarts; pids ${pids} run`];
      })
      .join("; ");
    if (stdout === "") last = stderr;
    if (!seen.at(-1)?.endsWith(`: ${last}`)) seen.push(`after ${Math.round(performance.now() - began)} ms: ${last}`);
    return last === "";
  };
  await until(isSettled, { what: "status and /proc agree", timeoutMs: 15_000 }).catch(() => {
    throw new Error(seen.slice(-5).join("\n    "));
  });
}

function watchForDoubles(place: Place): { end(): Promise<string[]> } {
  const seen = new Set<string>();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      for (const [name, pids] of processesOf(place)) if (pids.length > 1) seen.add(`${name} ${pids.join(" ")}`);
      await Bun.sleep(20);
    }
  })();
  return {
    async end() {
      isOver = true;
      await watching;
      return [...seen];
    },
  };
}

type Found = Map<string, number[]>;

/** Finds the processes of the services of this place by their environment; launchers have a different environment. */
function processesOf(place: Place): Found {
  const found: Found = new Map();
  for (const entry of listProc("")) {
    if (!/^\d+$/.test(entry) || linkOf(`${entry}/exe`) === null) continue;
    const environ = readProc(`${entry}/environ`)?.split("\0") ?? [];
    const name = environ.find((one) => one.startsWith("SERVICE_NAME="))?.slice("SERVICE_NAME=".length);
    if (name !== undefined && environ.includes(`HOME=${place.folder}`)) found.set(name, [...(found.get(name) ?? []), Number(entry)]);
  }
  return found;
}
