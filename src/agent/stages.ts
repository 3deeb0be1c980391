// The table of the stages that take each moment.
import type { Notice } from "../backend/notice.ts";
import type { Moment, Stage } from "./moment.ts";
import { troublesOf } from "./troubles.ts";

export class Stages {
  readonly #table: Readonly<Record<string, Stage>>;

  /** The stages act in the order of the table. A stage takes the moment and calls no other stage. */
  constructor(table: Readonly<Record<string, Stage>>) {
    this.#table = table;
  }

  /** Hands the moment to each stage. Returns the failures: a stage that fails does not keep the next one from acting. */
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
