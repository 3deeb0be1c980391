// How long each command takes, and how it ends, while a part that it needs has ended or hangs.
import { lab, whyNoLab } from "../harness.ts";
import { type Cell, cell, commands, parts, prepare, ways } from "../lab/frozen-cells.ts";
import type { Proof } from "./proof.ts";

const cells: Cell[] = parts.flatMap((part) => ways.flatMap((way) => commands.map((command) => ({ part, way, command }))));
const nameOf = ({ part, way, command }: Cell): string => `${part} ${way}: bs9 ${command}`;
const limitSeconds = 5;
const wrongAnswers = "commands with a wrong exit status or a wrong answer";

export const proof: Proof = {
  word: "frozen",
  what: "the time of each command while the user manager, D-Bus, journald or the agent has ended or is frozen, and whether it is right",
  figures: [...cells.map(nameOf), wrongAnswers],
  impossible: whyNoLab,
  async run(report) {
    await using it = await lab("frozen");
    await prepare(it);
    report.command("kill -STOP PID, or systemctl stop; bs9 COMMAND; kill -CONT PID, or systemctl start");
    let wrong = 0;
    for (const one of cells) {
      const shown = await cell(it, one, limitSeconds);
      if (shown.wrong !== null) {
        wrong++;
        report.say(`${nameOf(one)}: ${shown.wrong}\n${shown.stdout}${shown.stderr}`);
      }
      report.figure({
        what: nameOf(one),
        unit: `s, exit ${shown.code}`,
        value: shown.seconds,
        target: { of: "value", atMost: limitSeconds },
      });
    }
    report.figure({ what: wrongAnswers, unit: "", value: wrong, target: { of: "value", atMost: 0 } });
  },
};
