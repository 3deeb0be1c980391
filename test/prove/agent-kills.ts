// The real agent under 200 times kill -9 in a lab, and the effects on an app and the database.
import { killAgent } from "../e2e/agent-kills.ts";
import { bs9 } from "../e2e/bs9.ts";
import { lab, succeed, whyNoLab } from "../harness.ts";
import type { Proof } from "./proof.ts";

const rounds = 200;
const port = 4500;
const touched = "kills of the agent after which an app had another pid, of 200";
const gap = "longest time from the last stored tick to a kill, at an interval of 1 s";
const faults = "faults that SQLite finds in metrics.db after 200 kills";

export const proof: Proof = {
  word: "agent-kills",
  what: "kill -9 of the real agent at a random moment, 200 times",
  figures: [touched, gap, faults],
  impossible: whyNoLab,
  async run(report) {
    await using it = await lab("agentkills");
    await it.writeFile("ops", ".config/bs9/config.toml", '[metrics]\ninterval = "1s"\n');
    const app = 'Bun.serve({ port: Number(process.env["PORT"]), fetch: () => Response.json({ pid: process.pid }) });\n';
    await it.writeFile("ops", "apps/web.ts", app);
    succeed(await bs9(it, "start", "apps/web.ts", "--port", String(port)), "bs9 start");
    report.command(`bs9 start apps/web.ts --port ${port}`);
    report.command("kill -9 $(systemctl --user show -P MainPID bs9-agent)");
    const kills = await killAgent(it, { rounds, port });
    report.figure({ what: touched, unit: "kills", value: kills.appsTouched, target: { of: "value", atMost: 0 } });
    report.figure({ what: gap, unit: "ms", value: kills.longestGapMs, target: { of: "value", atMost: 2000 } });
    report.figure({ what: faults, unit: "faults", value: kills.integrity === "ok" ? 0 : 1, target: { of: "value", atMost: 0 } });
  },
};
