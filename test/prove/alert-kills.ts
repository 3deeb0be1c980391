// The spool of alerts under 200 times kill -9 of the process that delivers, while the receiver is down half of the time.
import { killWhileDelivering } from "../alerting/killed.ts";
import type { Proof } from "./proof.ts";

const rounds = 200;
const missing = "alerts that were on the disk and never arrived";
const disordered = "alerts that arrived before an older one";
const repeated = "share of alerts that arrived again, with the same id";

export const proof: Proof = {
  word: "alert-kills",
  what: "kill -9 at a random moment of a process that delivers alerts, 200 times, to a receiver that is down in every second round",
  figures: [missing, disordered, repeated],
  impossible: () => null,
  async run(report) {
    report.command("bun test/alerting/sender.ts spool.db http://127.0.0.1:PORT/ 0 & kill -9 $!");
    const survived = await killWhileDelivering(rounds);
    report.say(`${survived.put} alerts were on the disk`);
    report.figure({ what: missing, unit: "alerts", value: survived.missing, target: { of: "value", atMost: 0 } });
    report.figure({ what: disordered, unit: "alerts", value: survived.disordered, target: { of: "value", atMost: 0 } });
    report.figure({ what: repeated, unit: "%", value: (survived.repeated / survived.put) * 100, target: null });
  },
};
