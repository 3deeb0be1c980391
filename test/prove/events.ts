// kill -9 of services, 200 times: the time from the kill to the event at a reader, on systemd and in the supervisor.
import { bs9 } from "../e2e/bs9.ts";
import { idleServices, type KillToll, killWatcher } from "../e2e/kill-watcher.ts";
import { lab, succeed, until, whyNoLab } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";
import { call } from "./pm2/call.ts";
import type { Proof, Report } from "./proof.ts";

const services = 50;
const timeoutMs = 20 * 60_000;
const places = ["systemd", "supervisor"] as const;
type Where = (typeof places)[number];

const what = (where: Where) => ({
  median: `kill -9 to the event at a reader, ${where}: median`,
  p95: `kill -9 to the event at a reader, ${where}: 95th percentile`,
  missing: `kills that no reader heard of, ${where}`,
});

export const proof: Proof = {
  word: "events",
  what: "kill -9 of 50 services, 200 times, and when a reader of the agent hears of each",
  figures: places.flatMap((where) => Object.values(what(where))),
  impossible: whyNoLab,
  async run(report) {
    const rounds = Number(process.env["BS9_ROUNDS"] ?? 200);
    report.command(`BS9_ROUNDS=${rounds} npm run prove -- events`);
    tell(report, "systemd", await onSystemd(rounds));
    tell(report, "supervisor", await inSupervisor(rounds));
  },
};

async function onSystemd(rounds: number): Promise<KillToll> {
  await using it = await lab("events");
  await it.writeFile("ops", "idle/services.toml", idleServices(services));
  succeed(await it.asUser("ops", ["bs9", "start", "idle/services.toml"], { timeoutMs }), "bs9 start");
  const isOfAgent = async () => (await bs9(it, "status", "k1", "--json")).stdout.includes('"figuresFrom":"agent"');
  await until(isOfAgent, { what: "the agent answers" });
  const { stdout } = succeed(
    await it.asUser("ops", ["bs9", "run", `/src/${killWatcher.slice(killWatcher.lastIndexOf("test/"))}`, String(rounds)], {
      env: { BUN_BE_BUN: "1" },
      timeoutMs,
    }),
    "the kills",
  );
  return JSON.parse(stdout) as KillToll;
}

async function inSupervisor(rounds: number): Promise<KillToll> {
  const place = new Place();
  try {
    place.write("idle/services.toml", idleServices(services));
    await place.bs9("start", "idle/services.toml");
    const { stdout } = await call("env", `BS9_HOME=${place.env.BS9_HOME}`, process.execPath, killWatcher, String(rounds));
    return JSON.parse(stdout) as KillToll;
  } finally {
    await place.down();
  }
}

function tell(report: Report, where: Where, { latenciesMs, missing }: KillToll): void {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const { median, p95, missing: missed } = what(where);
  report.figure({ what: median, unit: "ms", value: at(0.5), target: null });
  report.figure({ what: p95, unit: "ms", value: at(0.95), target: { of: "value", atMost: 50 } });
  report.figure({ what: missed, unit: "kills", value: missing, target: { of: "value", atMost: 0 } });
}
