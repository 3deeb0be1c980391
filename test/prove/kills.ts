// Kills the supervisor again and again while it starts, restarts and stops 20 services. BS9_ROUNDS and BS9_SEED change a run.
import { Place } from "../supervisor/bs9.ts";
import { killing } from "../supervisor/killing.ts";
import type { Proof } from "./proof.ts";

const services = 20;
const what = {
  kills: "supervisors killed at random moments",
  doubles: "rounds in which a service ran twice at once",
  orphans: "processes that outlived their stopped service",
  wrong: "answers of commands that contradict /proc",
  refusals: "commands that failed because their supervisors were killed",
};

export const proof: Proof = {
  word: "kills",
  what: "SIGKILL of the supervisor at random moments of start, restart and stop of 20 services, 200 rounds",
  figures: Object.values(what),
  impossible: () => null,
  async run(report) {
    const rounds = Number(process.env["BS9_ROUNDS"] ?? 200);
    const seed = Number(process.env["BS9_SEED"] ?? 1);
    report.command(`BS9_ROUNDS=${rounds} BS9_SEED=${seed} npm run prove -- kills`);
    const place = new Place();
    try {
      const toll = await killing(place, { services, rounds, seed });
      for (const trouble of toll.troubles) report.say(trouble);
      const none = { of: "value" as const, atMost: 0 };
      report.say(`${rounds} rounds of seed ${seed}`);
      report.figure({ what: what.kills, value: toll.kills, unit: "kills", target: { of: "value", atLeast: rounds / 2 } });
      report.figure({ what: what.doubles, value: toll.doubles, unit: "rounds", target: none });
      report.figure({ what: what.orphans, value: toll.orphans, unit: "processes", target: none });
      report.figure({ what: what.wrong, value: toll.wrong, unit: "answers", target: none });
      report.figure({ what: what.refusals, value: toll.refusals, unit: "commands", target: none });
    } finally {
      await place.down();
    }
  },
};
