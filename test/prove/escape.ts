// A service that replaces its neighbour's directory by a link in a loop gains nothing, in 1,000 restarts on each backend.
import { pair, restartOften, type Seen, swapInALoop } from "../attack/escape.ts";
import { backends, type Stages, stages } from "../attack/stage.ts";
import { whyNoLab } from "../harness.ts";
import type { Proof, Report } from "./proof.ts";

const restarts = 1000;
/** Restarts in one shell: between two batches the proof reports its progress. */
const batch = 50;

const showed = (kind: string): string => `batches of ${batch} restarts in which the neighbour showed the secret, ${kind}`;
const answered = (kind: string): string => `restarts after which the neighbour ran and answered, ${kind}`;
const refused = (kind: string): string => `starts that were refused because the directory was a link at that moment, ${kind}`;

export const proof: Proof = {
  word: "escape",
  what: "A directory that a second service replaces by a link in a loop is never opened to the first service.",
  figures: backends.flatMap((kind) => [showed(kind), answered(kind), refused(kind)]),
  impossible: whyNoLab,
  async run(report) {
    const all = await stages("prove-escape");
    try {
      for (const kind of backends) await prove(kind, all, report);
    } finally {
      await all.lab.down();
    }
  },
};

async function prove(kind: (typeof backends)[number], all: Stages, report: Report): Promise<void> {
  const stage = all.on(kind);
  report.command("bs9 start mono/app.ts --name a");
  report.command("bs9 start server/app.ts --name b --cwd mono/public --restart-delay 0s");
  report.command("kill -KILL PID_OF_B; curl http://127.0.0.1:PORT_OF_B/id");
  const it = await pair(stage, "--restart-delay", "0s");
  await it.a.attempt(swapInALoop(stage.home));
  const seen: Seen[] = [];
  for (let done = 0; done < restarts; done += batch) {
    seen.push(await restartOften(stage, it, batch));
    report.say(`${kind}: ${done + batch} of ${restarts} restarts`);
  }
  await stage.sh("touch mono/STOP");
  const sum = (value: (one: Seen) => number) => seen.reduce((total, one) => total + value(one), 0);
  report.figure({ what: showed(kind), unit: "", value: sum((one) => Number(one.showed)), target: { of: "value", atMost: 0 } });
  // Some starts must be refused and some must succeed: otherwise the exchange of the directory never coincided with a start,
  // and the proof shows nothing.
  report.figure({ what: answered(kind), unit: "", value: sum((one) => one.answered), target: { of: "value", atLeast: restarts / 10 } });
  report.figure({ what: refused(kind), unit: "", value: sum((one) => one.refused), target: { of: "value", atLeast: 1 } });
  await stage.bs9("delete", "a", "b", "--yes");
}
