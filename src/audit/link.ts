// Follows names through the files that re-export them to what they finally mean.
import { importedBy, memberOf } from "./platform.ts";

/** A name that a file exports; an empty path stands for everything that `ref` exports. */
export type Exported = { path: readonly string[]; ref: string };

/** The file that a specifier leads to; undefined for files that are not read. */
export type Follow = (file: string, specifier: string) => string | undefined;

const mostSteps = 500;
const longestPath = 8;

/** Everything on the platform that `ref`, a name imported by `file`, may mean. */
export function link(file: string, ref: string, exported: ReadonlyMap<string, readonly Exported[]>, follow: Follow): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [{ file, ref }];
  for (let next = open.pop(); next !== undefined && seen.size < mostSteps; next = open.pop()) {
    const imported = importedBy(next.ref);
    if (imported === undefined) {
      found.add(next.ref);
      continue;
    }
    const target = follow(next.file, imported.specifier);
    const place = [target, ...imported.path].join("\0");
    if (target === undefined || seen.has(place)) continue;
    seen.add(place);
    for (const path of waysTo(imported.path)) {
      for (const part of exported.get(target) ?? []) {
        const rest = restOf(path, part.path);
        const reached = rest === undefined ? undefined : memberAt(part.ref, rest);
        if (reached !== undefined) open.push({ file: target, ref: reached });
      }
    }
  }
  return found;
}

// CommonJS exports one value, which an import may take as the default export or as its members.
function waysTo(path: readonly string[]): (readonly string[])[] {
  return path[0] === "default" ? [path, path.slice(1)] : [path, ["default", ...path]];
}

// The rest of a path after a given beginning. An unknown element matches any key.
function restOf(path: readonly string[], start: readonly string[]): readonly string[] | undefined {
  return start.every((key, at) => path[at] === key || (key === "*" && path[at] !== undefined)) ? path.slice(start.length) : undefined;
}

function memberAt(ref: string, path: readonly string[]): string | undefined {
  const imported = importedBy(ref);
  if (imported !== undefined && imported.path.length + path.length > longestPath) return undefined;
  let member: string | undefined = ref;
  for (const key of path) member = member === undefined ? undefined : memberOf(member, key);
  return member;
}
