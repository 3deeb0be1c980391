// metrics.db under 200 times kill -9 of the process that writes to it.
import { killWhileAppending } from "../storage/killed.ts";
import type { Proof } from "./proof.ts";

const rounds = 200;
const broken = "kills after which metrics.db was not whole, of 200";
const lost = "ticks that were reported as stored and are lost";

export const proof: Proof = {
  word: "storage-kills",
  what: "kill -9 at a random moment of a process that stores ticks, 200 times",
  figures: [broken, lost],
  impossible: () => null,
  async run(report) {
    report.command("bun test/storage/appender.ts metrics.db & kill -9 $!");
    const survived = await killWhileAppending(rounds);
    const faults = survived.broken + survived.distorted + Math.max(0, survived.mostUnreported - 1);
    report.figure({ what: broken, unit: "kills", value: faults, target: { of: "value", atMost: 0 } });
    const lostTicks = survived.lost + survived.rows.reduce((sum, { ticks, stored }) => sum + Math.abs(stored - ticks), 0);
    report.figure({ what: lost, unit: "ticks", value: lostTicks, target: { of: "value", atMost: 0 } });
  },
};
