// A spec and what this host can give -> the texts of unit and environment file.
import type { Directive } from "../backend/sandbox.ts";
import { failed } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { commandOf } from "../runtime/command.ts";
import { environmentOf, type SandboxProfile, type Spec } from "../service/spec.ts";
import { openingOf, type Opening } from "./opening.ts";
import { fitsInUnit } from "./quote.ts";
import { checkSizes, environmentText, unitText } from "./unit.ts";

export type Derived = { unit: string; environment: string; opening: Opening; directives: Directive[] };

export type Ground = {
  paths: Paths;
  environmentFile: string;
  mark: string;
  host: (profile: SandboxProfile) => Promise<{ directives: Directive[] }>;
};

/** Throws where the entry is gone, a path has no form in a unit, or the words are too long. */
export async function derive(spec: Spec, ground: Ground): Promise<Derived> {
  const command = commandOf(spec, ground.paths.share);
  checkSizes(command.argv, environmentOf(spec));
  const { directives } = await ground.host(spec.sandbox.profile);
  const opening = openingOf(spec, command, ground.paths.home);
  for (const path of [spec.cwd, ground.environmentFile, ...opening.writable, ...opening.readable, ...opening.optional.flatMap(({ source, destination }) => [source, destination])]) {
    if (!fitsInUnit(path)) throw failed(`systemd cannot hold the path ${JSON.stringify(path)}: it has a control character, a space at its end or a noncharacter`, { hint: "rename the folder" });
  }
  const unit = unitText({
    spec,
    argv: command.argv,
    environment: command.environment,
    environmentFile: ground.environmentFile,
    directives,
    mounts: opening,
    home: ground.paths.home,
    owner: ground.mark,
  });
  return { unit, environment: environmentText(spec), opening, directives };
}
