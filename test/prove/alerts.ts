// The delay of alerts in a lab: kills of a service, each told once at a real receiver. BS9_ROUNDS changes a run.
import { killAgain, Receiver, untilAllTold } from "../e2e/alerts.ts";
import { bs9 } from "../e2e/bs9.ts";
import { freePort, lab, succeed, whyNoLab } from "../harness.ts";
import type { Proof } from "./proof.ts";

const what = {
  rounds: "kills of a service that is not restarted, and starts by hand",
  delay: "end of a service to the request at a webhook, p95",
  longest: "end of a service to the request at a webhook, longest",
  wrong: "ends and starts that were not told exactly once",
};
/** More than the five seconds in which events are collected into one message. */
const gapMs = 6100;

export const proof: Proof = {
  word: "alerts",
  what: "kill -9 of a service 200 times, with a webhook and no cooldown",
  figures: Object.values(what),
  impossible: whyNoLab,
  async run(report) {
    const rounds = Number(process.env["BS9_ROUNDS"] ?? 200);
    await using it = await lab("provealerts", { hostNetwork: true });
    const receiver = new Receiver(freePort());
    try {
      succeed(await bs9(it, "alert", "--webhook", receiver.url, "--cooldown", "0"), "bs9 alert");
      report.command("bs9 alert --webhook http://127.0.0.1:PORT/ --cooldown 0");
      report.command("systemctl --user kill --signal=KILL victim; systemctl --user start victim");
      const { delaysMs, wrong } = await killAgain(it, receiver, { rounds, gapMs });
      await untilAllTold(it, receiver, "last-marker");
      delaysMs.sort((a, b) => a - b);
      const at = (share: number) => delaysMs[Math.min(delaysMs.length - 1, Math.ceil(delaysMs.length * share) - 1)] ?? Number.NaN;
      report.figure({ what: what.rounds, value: rounds, unit: "rounds", target: null });
      report.figure({ what: what.delay, value: at(0.95), unit: "ms", target: { of: "value", atMost: 500 } });
      report.figure({ what: what.longest, value: at(1), unit: "ms", target: null });
      report.figure({ what: what.wrong, value: wrong(), unit: "events", target: { of: "value", atMost: 0 } });
    } finally {
      receiver.close();
    }
  },
};
