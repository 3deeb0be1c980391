// Finds the services of others in the user manager, and what others did to the units of bs9.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Backend, Foreign, Reading, Strangers } from "../../backend/backend.ts";
import { failed } from "../../base/errors.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import type { Spec } from "../../service/spec.ts";
import { readOthers } from "../bus/read.ts";
import type { Systemctl } from "../bus/systemctl.ts";
import { foreignChanges, judgedOnce } from "./discovery.ts";
import { unitName } from "./names.ts";
import type { Owner } from "./ownership.ts";
import { dropInOf } from "./take-over.ts";

type Ours = Pick<Backend, "unitText" | "unitFile" | "want" | "undefine">;
type Place = { systemctl: Systemctl; owner: Owner; runtimeDir: string };

export class UnitsOfOthers implements Strangers {
  readonly #ours: Ours;
  readonly #place: Place;
  readonly #judged: ReturnType<typeof judgedOnce>;

  constructor(ours: Ours, place: Place) {
    this.#ours = ours;
    this.#place = place;
    this.#judged = judgedOnce(place.owner.mark);
  }

  changes(defined: string[]): Foreign[] {
    const { owner, runtimeDir } = this.#place;
    return foreignChanges(defined, { units: owner.units, runtimeDir }, owner.mark, this.#judged);
  }

  async takeOver(spec: Spec): Promise<string | null> {
    const unit = this.#ours.unitFile(spec.name);
    const text = dropInOf(await this.#ours.unitText(spec), readIfThere(unit) ?? "");
    if (text === null) return null;
    const file = join(`${unit}.d`, "local.conf");
    if (existsSync(file))
      throw failed(`cannot take over the edit of ${unitName(spec.name)}: ${file} already exists`, {
        hint: `merge it by hand: systemctl --user edit ${spec.name}`,
      });
    writeWhole(file, text, 0o644);
    return file;
  }

  async discard(name: string): Promise<void> {
    await this.#place.systemctl.jobs("stop", [unitName(name)]);
    await this.#ours.want([name], false);
    await this.#ours.undefine([name]);
  }

  services(): Promise<Reading[]> {
    return readOthers(this.#place.systemctl, this.#place.owner.units);
  }
}
