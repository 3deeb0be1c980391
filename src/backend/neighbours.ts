// Finds the directories that the services of a registry can write to: a path below them may become a symbolic link at any time.
import type { Paths } from "../base/paths.ts";
import { resolvedPath } from "../base/paths.ts";
import { Registry, type Writer } from "../service/registry.ts";
import { isHomeOrAbove } from "../service/root.ts";
import { cacheFolder, hasCache } from "./cache.ts";
import { holdsOwn } from "./own-folders.ts";
import type { Neighbour } from "./stray.ts";

export class Neighbours {
  readonly #paths: Paths;
  readonly #registry: Registry;
  #known: { stamp: string; all: Neighbour[] } | null = null;

  constructor(paths: Paths) {
    this.#paths = paths;
    this.#registry = new Registry(paths);
  }

  /** All directories that services other than this one can write to. Specs that cannot be parsed are left out. */
  of(name: string): Neighbour[] {
    const stamp = this.#registry.stamp();
    if (stamp === null || this.#known?.stamp !== stamp) {
      const all = this.#registry.writers().flatMap((writer) => writtenBy(writer, this.#paths));
      this.#known = stamp === null ? null : { stamp, all };
      return all.filter((one) => one.name !== name);
    }
    return this.#known.all.filter((one) => one.name !== name);
  }
}

/** Each path as named and as resolved now. A service without a sandbox can write everything anyway, so it is left out. */
function writtenBy({ name, root, sandbox }: Writer, paths: Paths): Neighbour[] {
  if (sandbox.profile === "off") return [];
  const real = resolvedPath(root);
  const isOpen = sandbox.profile === "standard" && !isHomeOrAbove(real, paths.home) && !holdsOwn(real, paths);
  const cache = hasCache(sandbox.profile) ? [cacheFolder(paths.state, name)] : [];
  const folders = [
    ...(isOpen ? [root, real] : []),
    ...cache.flatMap((path) => [path, resolvedPath(path)]),
    ...sandbox.writable.flatMap((path) => [path, resolvedPath(path)]),
  ];
  return [...new Set(folders)].map((folder) => ({ name, folder }));
}
