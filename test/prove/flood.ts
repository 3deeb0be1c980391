// A service that writes 2 GiB of log lines as fast as possible.
import { flood, quotaBytes } from "../e2e/flood.ts";
import { lab, whyNoLab } from "../harness.ts";
import type { Proof } from "./proof.ts";

const lines = 134_217_728;
const kept = "log bytes on disk after a flood of 2 GiB";
const after = "time after a flood of 2 GiB until the quota of 1 GiB holds";
const lost = "newest lines that a flood of 2 GiB has lost";

export const proof: Proof = {
  word: "flood",
  what: "a service with --log file that writes 2 GiB flat out",
  figures: [kept, after, lost],
  impossible: whyNoLab,
  async run(report) {
    await using it = await lab("flood");
    report.command("bs9 start huge/huge.sh --log file");
    const flooded = await flood(it, lines);
    report.figure({ what: kept, unit: "bytes", value: flooded.bytesOnDisk, target: { of: "value", atMost: quotaBytes } });
    report.figure({ what: after, unit: "ms", value: flooded.quotaHeldAfterMs, target: { of: "value", atMost: 5000 } });
    report.figure({ what: lost, unit: "lines", value: flooded.hasLastLine ? 0 : 1, target: { of: "value", atMost: 0 } });
  },
};
