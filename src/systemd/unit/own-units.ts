// The unit files of bs9: what each spec is turned into, where the files are, and whether they are up to date.
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCache, makeCache, removeCache } from "../../backend/cache.ts";
import { type Directories, directoriesOf } from "../../backend/directories.ts";
import { emptyFolder } from "../../backend/opening.ts";
import { makeFolder, readIfThere, removeEmpty, writeWhole } from "../../base/files.ts";
import type { Paths } from "../../base/paths.ts";
import { forgetEvents } from "../../logs/events.ts";
import { openStreams } from "../../logs/store/open.ts";
import { logFolder, logsFolder } from "../../logs/store/place.ts";
import type { Spec } from "../../service/spec.ts";
import { removeLaunchers, writeLauncher } from "../sandbox/launcher/written.ts";
import { type Derived, derive, deriveBeside, openedBySandbox, type UnitGround } from "./derive.ts";
import { delayUnitName, unitName } from "./names.ts";

export class OwnUnits {
  readonly #paths: Paths;
  readonly #ground: Pick<UnitGround, "mark" | "hosts" | "neighbours" | "runtimeDir">;

  constructor(paths: Paths, ground: Pick<UnitGround, "mark" | "hosts" | "neighbours" | "runtimeDir">) {
    this.#paths = paths;
    this.#ground = ground;
  }

  derive(spec: Spec): Promise<Derived> {
    return derive(spec, this.#groundOf(spec.name));
  }

  /** Writes the launcher of the unit as well, because a package that was linked since the start changes the launcher. */
  async deriveBeside(spec: Spec, command: string, timeoutMs: number): Promise<string> {
    const { unit, launcher, environment } = await deriveBeside(spec, command, timeoutMs, this.#groundOf(spec.name));
    // A program that is not a service, such as the one for alerts, was never defined.
    if (!existsSync(this.#environmentFile(spec.name))) writeWhole(this.#environmentFile(spec.name), environment, 0o600);
    writeLauncher(spec.name, launcher, readIfThere(this.unitFile(spec.name)));
    return unit;
  }

  unitFile(name: string): string {
    return join(this.#paths.units, unitName(name));
  }

  hasDelay(name: string): boolean {
    return existsSync(this.#delayFile(name));
  }

  async directories(spec: Spec): Promise<Directories> {
    const { opening, shutter } = await openedBySandbox(spec, this.#groundOf(spec.name));
    return directoriesOf(spec, opening, shutter, this.#paths);
  }

  /** The names of services whose existing units changed, the names of the others, and the errors by name. */
  async writeEach(specs: Spec[]): Promise<{ rewritten: string[]; others: string[]; troubles: Map<string, unknown> }> {
    const written = { rewritten: [] as string[], others: [] as string[], troubles: new Map<string, unknown>() };
    makeFolder(emptyFolder(this.#paths.share));
    for (const spec of specs) {
      try {
        const isRewritten = await this.#write(spec);
        written[isRewritten ? "rewritten" : "others"].push(spec.name);
      } catch (error) {
        written.troubles.set(spec.name, error);
      }
    }
    return written;
  }

  /**
   * Writes the unit files of a spec. Returns true if a unit file existed and changed. Throws where the unit cannot be made from
   * the spec.
   */
  async #write(spec: Spec): Promise<boolean> {
    // The cache comes first, because a launcher opens only paths that exist.
    if (hasCache(spec.sandbox.profile)) makeCache(this.#paths.state, spec.name);
    const { unit, delay, environment, launcher } = await this.derive(spec);
    const file = this.unitFile(spec.name);
    const before = readIfThere(file);
    const isNew = before === null && !this.hasDelay(spec.name);
    writeLauncher(spec.name, launcher, before);
    writeWhole(this.#environmentFile(spec.name), environment, 0o600);
    if (spec.log === "file") openStreams(logFolder(this.#paths.state, spec.name));
    makeFolder(this.#paths.units);
    // The delay unit is written first, because the unit of the service refers to it.
    const isDelayNew = writeOrRemove(this.#delayFile(spec.name), delay);
    const isUnitNew = writeOrRemove(file, unit);
    return !isNew && (isUnitNew || isDelayNew);
  }

  /** Whether the unit files and the environment file are those that the spec would produce now. */
  async isWritten(spec: Spec): Promise<boolean> {
    const { unit, delay, environment, launcher } = await this.derive(spec);
    if (!existsSync(launcher.file)) return false;
    const { name } = spec;
    return (
      readIfThere(this.unitFile(name)) === unit &&
      readIfThere(this.#delayFile(name)) === delay &&
      readIfThere(this.#environmentFile(name)) === environment
    );
  }

  async remove(name: string): Promise<void> {
    rmSync(this.unitFile(name), { force: true });
    rmSync(this.#delayFile(name), { force: true });
    rmSync(this.#environmentFile(name), { force: true });
    removeLaunchers(name, this.#paths.share);
    rmSync(logFolder(this.#paths.state, name), { recursive: true, force: true });
    forgetEvents(this.#paths.state, name);
    await removeCache(this.#paths.state, name);
    const { units, state } = this.#paths;
    for (const folder of [dirname(this.#environmentFile(name)), logsFolder(state), units, dirname(units)]) removeEmpty(folder);
  }

  #delayFile(name: string): string {
    return join(this.#paths.units, delayUnitName(name));
  }

  #groundOf(name: string): UnitGround {
    return { ...this.#ground, paths: this.#paths, environmentFile: this.#environmentFile(name) };
  }

  #environmentFile(name: string): string {
    return join(this.#paths.config, "env", `${name}.env`);
  }
}

/** Removes the file if `text` is null. Returns true if the file changed. */
function writeOrRemove(file: string, text: string | null): boolean {
  if (readIfThere(file) === text) return false;
  if (text === null) rmSync(file, { force: true });
  else writeWhole(file, text, 0o644);
  return true;
}
