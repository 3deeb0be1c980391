// The table of the stages: what the agent does with the result of each turn.
import type { Notice } from "../backend/notice.ts";
import type { Moment, Stage } from "./moment.ts";
import { troublesOf } from "./troubles.ts";

export class Stages {
  readonly #table: Readonly<Record<string, Stage>>;

  /** The stages run in the order of the table. A stage uses only the `Moment` of the turn, and does not call another stage. */
  constructor(table: Readonly<Record<string, Stage>>) {
    this.#table = table;
  }

  /** Runs each stage on the `Moment` of a turn. Returns the failures: the next stage runs even if one fails. */
  async act(moment: Moment): Promise<Notice[]> {
    const troubles: Notice[] = [];
    for (const [name, stage] of Object.entries(this.#table))
      troubles.push(...(await troublesOf(`run the stage "${name}"`, () => stage.act(moment))));
    return troubles;
  }

  async close(): Promise<Notice[]> {
    const troubles: Notice[] = [];
    for (const [name, stage] of Object.entries(this.#table))
      troubles.push(...(await troublesOf(`end the stage "${name}"`, () => stage.close())));
    return troubles;
  }
}
