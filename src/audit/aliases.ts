// Other names of the project's files: `imports` of package.json, `paths` and `baseUrl` of tsconfig.json.
import { dirname, join, resolve } from "node:path";
import { asObject, type Json, lookUp, readObject } from "./manifest.ts";

type Placed = { folder: string; content: Json };

export class Aliases {
  readonly #root: string;
  readonly #read = new Map<string, Json | undefined>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The paths, without extension, that a specifier may mean, seen from a directory. */
  of(specifier: string, from: string): string[] {
    if (specifier.startsWith("#")) {
      const manifest = this.#nearest(from, ["package.json"]);
      const target = lookUp(asObject(manifest?.content["imports"]) ?? {}, specifier);
      return manifest !== undefined && target?.startsWith(".") ? [resolve(manifest.folder, target)] : [];
    }
    const config = this.#nearest(from, ["tsconfig.json", "jsconfig.json"]);
    const options = asObject(config?.content["compilerOptions"]);
    if (config === undefined || options === undefined) return [];
    const base = typeof options["baseUrl"] === "string" ? resolve(config.folder, options["baseUrl"]) : undefined;
    const target = lookUp(asObject(options["paths"]) ?? {}, specifier);
    return [
      ...(target === undefined ? [] : [resolve(base ?? config.folder, target)]),
      ...(base === undefined ? [] : [join(base, specifier)]),
    ];
  }

  #nearest(from: string, names: readonly string[]): Placed | undefined {
    for (let folder = from; ; folder = dirname(folder)) {
      for (const name of names) {
        const content = this.#object(join(folder, name));
        if (content !== undefined) return { folder, content };
      }
      if (folder === this.#root || folder === dirname(folder)) return undefined;
    }
  }

  #object(path: string): Json | undefined {
    if (!this.#read.has(path)) this.#read.set(path, readObject(path));
    return this.#read.get(path);
  }
}
