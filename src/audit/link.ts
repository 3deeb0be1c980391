// Follows names through the files that hand them on, to what they are in the end.
import { importedBy, memberOf } from "./platform.ts";

/** Something that a file exports; an empty path stands for all that `ref` exports in its turn. */
export type Exported = { path: readonly string[]; ref: string };

/** Where the import of a specifier leads; undefined for what is not read. */
export type Follow = (file: string, specifier: string) => string | undefined;

const mostSteps = 500;
const longestPath = 8;

/** All that `ref`, a name of an import of `file`, may be on the platform. */
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

// CommonJS exports a whole, which an import may take for the default or for its members.
function waysTo(path: readonly string[]): (readonly string[])[] {
  return path[0] === "default" ? [path, path.slice(1)] : [path, ["default", ...path]];
}

// The part of a path behind a given beginning. An unknown element matches any.
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
