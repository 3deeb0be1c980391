// Compares ticks of the agent, status, start and the memory of the agent with those of an earlier bs9, each with 100 services
// in one lab.
import { existsSync } from "node:fs";
import type { Self } from "../../src/status/agent-protocol.ts";
import { idleServices } from "../e2e/kill-watcher.ts";
import { type Lab, lab, succeed, type User, until, whyNoLab } from "../harness.ts";
import type { Proof } from "./proof.ts";

const variable = "BS9_BEFORE";
const services = 100;
const runs = 10;
const timeoutMs = 20 * 60_000;

const status = "bs9 status --json of 100 services, beside an earlier bs9";
const start = "bs9 start of one more service, beside an earlier bs9";
const tick = "CPU of a tick of 100 services, beside an earlier bs9";
const memory = ["RSS", "RSS without what files hold", "PSS"] as const;
const memoryOf = (kind: (typeof memory)[number]) => `${kind} of the agent with 100 services`;

/** The user of each version: both user managers run all the time, and the runs alternate. */
const who = { now: "ops", before: "dev" } as const satisfies Record<string, User>;

export const proof: Proof = {
  word: "before",
  what: `tick, status and start beside the bs9 that ${variable} names, medians of ten alternating runs`,
  figures: [status, start, tick, ...memory.map(memoryOf)],
  impossible() {
    const earlier = process.env[variable];
    if (earlier === undefined || !existsSync(earlier)) return `${variable} does not name the executable of an earlier bs9`;
    return whyNoLab();
  },
  async run(report) {
    await using it = await lab("before");
    await it.writeFile(who.before, ".local/bin/bs9", await Bun.file(process.env[variable] ?? "").bytes(), "755");
    for (const user of Object.values(who)) {
      await it.writeFile(user, "idle/services.toml", idleServices(services));
      await it.writeFile(user, ".config/bs9/config.toml", '[metrics]\ninterval = "1s"\n');
      succeed(await it.asUser(user, ["bs9", "start", "idle/services.toml"], { timeoutMs }), `bs9 start of ${user}`);
      report.say(`${services} services of ${user} are up`);
    }
    report.command(`${variable}=PATH npm run prove -- before`);
    for (const user of Object.values(who))
      await until(async () => (await selfOf(it, user)).ticks > runs * 3, { what: "ticks", timeoutMs: 120_000 });
    const beside = (what: string, unit: string, now: number[], before: number[]) =>
      report.figure({
        what,
        unit,
        value: median(now),
        peer: { name: "before", value: median(before) },
        target: { of: "ratio", atMost: 1.1 },
      });
    const statuses = await alternating((user) => timed(it, user, "status", "--json"));
    beside(status, "ms", statuses.now, statuses.before);
    const starts = await alternating(async (user) => {
      const ms = await timed(it, user, "start", "sleep", "--name", "extra", "--wait", "0", "--", "100000");
      succeed(await it.asUser(user, ["bs9", "delete", "extra", "--yes"]), "bs9 delete");
      return ms;
    });
    beside(start, "ms", starts.now, starts.before);
    const ticks = await alternating(async (user) => (await selfOf(it, user)).tickCpuMs?.mean ?? Number.NaN);
    beside(tick, "ms", ticks.now, ticks.before);
    const [now, before] = [await memoryIn(it, who.now), await memoryIn(it, who.before)];
    for (const kind of memory)
      report.figure({ what: memoryOf(kind), unit: "MB", value: now[kind], peer: { name: "before", value: before[kind] }, target: null });
  },
};

async function alternating(run: (user: User) => Promise<number>): Promise<{ now: number[]; before: number[] }> {
  const taken = { now: [] as number[], before: [] as number[] };
  for (let i = 0; i < runs; i++) for (const when of ["now", "before"] as const) taken[when].push(await run(who[when]));
  return taken;
}

/** Measured by a clock in the lab, because entering the lab takes longer than the measured command. */
async function timed(it: Lab, user: User, ...argv: string[]): Promise<number> {
  const script = 'began=$(date +%s%N); bs9 "$@" >/dev/null || exit; echo $(($(date +%s%N) - began))';
  const { stdout } = succeed(await it.asUser(user, ["bash", "-c", script, "bash", ...argv]), `bs9 ${argv[0]}`);
  return Number(stdout) / 1e6;
}

async function selfOf(it: Lab, user: User): Promise<Self> {
  const { self } = JSON.parse((await it.asUser(user, ["bs9", "describe", "bs9-agent", "--json"])).stdout) as { self: Self | null };
  if (self === null) throw new Error("the agent does not answer");
  return self;
}

/**
 * In a lab the executable is in a tmpfs, whose pages count as shared memory: only pages without a file belong to the agent
 * alone.
 */
async function memoryIn(it: Lab, user: User): Promise<Record<(typeof memory)[number], number>> {
  const { pid } = await selfOf(it, user);
  const text = succeed(await it.asUser(user, ["sh", "-c", `cat /proc/${pid}/status /proc/${pid}/smaps_rollup`]), "its memory").stdout;
  const mb = (field: string) => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1024) / 1e6;
  return { RSS: mb("VmRSS"), "RSS without what files hold": mb("RssAnon"), PSS: mb("Pss") };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
