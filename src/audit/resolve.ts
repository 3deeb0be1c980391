// Resolves imports by those rules of Bun's resolver that do not need an install.
import { realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { Aliases } from "./aliases.ts";
import { mainOf } from "./manifest.ts";

export type Resolved = { is: "file"; file: string } | { is: "package"; name: string } | { is: "built-in" } | { is: "nothing" };

// PATH_MAX of Linux.
const longest = 4096;

export class Resolver {
  readonly #root: string;
  readonly #files = new Map<string, string | undefined>();
  readonly #aliases: Aliases;

  constructor(root: string) {
    this.#root = realOf(root) ?? root;
    this.#aliases = new Aliases(this.#root);
  }

  resolve(specifier: string, from: string): Resolved {
    if (specifier === "" || specifier.length > longest || specifier.includes("\0")) return { is: "nothing" };
    if (isBuiltin(specifier) || specifier.startsWith("bun:")) return { is: "built-in" };
    const path = pathIn(specifier, from);
    if (path !== undefined) return this.#own(path) ?? { is: "nothing" };
    for (const candidate of this.#aliases.of(specifier, dirname(from))) {
      const own = this.#own(candidate);
      if (own !== undefined) return own;
    }
    return /^[a-z][a-z0-9+.-]*:/i.test(specifier) || specifier.startsWith("#") ? { is: "nothing" } : this.#package(specifier, from);
  }

  #own(path: string): Resolved | undefined {
    const file = this.file(path);
    if (file === undefined) return undefined;
    const name = this.packageOf(file);
    return name === undefined ? { is: "file", file } : { is: "package", name };
  }

  // A package that is linked from elsewhere, as in a workspace, counts as the project's own code.
  #package(specifier: string, from: string): Resolved {
    const parts = specifier.split("/");
    const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    for (let folder = dirname(from); ; folder = dirname(folder)) {
      const real = realOf(join(folder, "node_modules", name));
      if (real !== undefined) {
        if (this.packageOf(join(real, "x")) !== undefined || !isInside(real, this.#root)) break;
        const main = mainOf(real, parts.slice(name.split("/").length).join("/"));
        const own = main === undefined ? undefined : this.#own(main);
        if (own?.is === "file") return own;
        break;
      }
      if (folder === dirname(folder)) break;
    }
    return { is: "package", name };
  }

  /** The name of the package that a file belongs to; undefined for the project's own code. */
  packageOf(file: string): string | undefined {
    const parts = (isInside(file, this.#root) ? relative(this.#root, file) : file).split("/");
    const at = parts.lastIndexOf("node_modules");
    if (at < 0) return undefined;
    const [scope = "", name] = parts.slice(at + 1);
    return scope.startsWith("@") && name !== undefined ? `${scope}/${name}` : scope;
  }

  /** The real path of the file that a path without extension, or a directory, stands for. */
  file(path: string): string | undefined {
    if (!this.#files.has(path)) this.#files.set(path, findFile(path));
    return this.#files.get(path);
  }
}

function pathIn(specifier: string, from: string): string | undefined {
  if (specifier.startsWith("file:")) {
    try {
      return Bun.fileURLToPath(specifier);
    } catch {
      return undefined;
    }
  }
  if (specifier.startsWith("/")) return specifier;
  return /^\.\.?(\/|$)/.test(specifier) ? resolve(dirname(from), specifier) + (specifier.endsWith("/") ? "/" : "") : undefined;
}

const endings = [".tsx", ".ts", ".jsx", ".cts", ".cjs", ".js", ".mjs", ".mts", ".json"];
// In TypeScript `./a.js` may mean a.ts.
const written: [RegExp, string[]][] = [
  [/\.jsx?$/, [".ts", ".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];

function findFile(asked: string): string | undefined {
  const withoutQuery = asked.replace(/[?#][^/]*$/, "");
  for (const path of withoutQuery === asked ? [asked] : [asked, withoutQuery]) {
    const found = findExact(path);
    if (found !== undefined) return realOf(found);
  }
  return undefined;
}

function findExact(path: string): string | undefined {
  const isFolder = path.endsWith("/");
  const candidates = isFolder ? [] : [path, ...endings.map((ending) => path + ending)];
  for (const [pattern, others] of written)
    if (pattern.test(path)) candidates.push(...others.map((ending) => path.replace(pattern, ending)));
  const folder = isFolder ? path.slice(0, -1) : path;
  const main = kindOf(folder) === "folder" ? mainOf(folder, "") : undefined;
  if (main !== undefined)
    candidates.push(main, ...endings.map((ending) => main + ending), ...endings.map((ending) => join(main, `index${ending}`)));
  candidates.push(...endings.map((ending) => join(folder, `index${ending}`)));
  return candidates.find((candidate) => kindOf(candidate) === "other");
}

// FIFOs and devices are found too; the reader then reports why they are not read.
function kindOf(path: string): "folder" | "other" | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "other";
  } catch {
    return undefined;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
