// Follows names through the files that hand them on, to what they are in the end.
import type { Exported, Part } from "./exports.ts";
import { type Known, memberAt, moduleNamed } from "./known.ts";

/** Where the import of a specifier leads; undefined for what is not read. */
export type Follow = (file: string, specifier: string) => string | undefined;

const mostSteps = 500;

/** All that `path` in the module `specifier`, as imported by `file`, may be. */
export function link(
  file: string,
  specifier: string,
  path: readonly string[],
  exported: ReadonlyMap<string, Exported>,
  follow: Follow,
): Set<Known> {
  const found = new Set<Known>();
  const seen = new Set<string>();
  const open = [{ file, specifier, path }];
  for (let next = open.pop(); next !== undefined && seen.size < mostSteps; next = open.pop()) {
    const builtIn = moduleNamed(next.specifier);
    const member = builtIn === undefined ? undefined : memberAt(builtIn, next.path);
    if (member !== undefined) found.add(member);
    const target = follow(next.file, next.specifier);
    const place = `${target}\0${next.path.join("\0")}`;
    if (target === undefined || seen.has(place)) continue;
    seen.add(place);
    const module = exported.get(target);
    if (module === undefined) continue;
    for (const star of module.stars) open.push({ file: target, specifier: star, path: next.path });
    for (const [parts, rest] of ways(module, next.path)) {
      for (const reached of descend(parts, rest)) {
        if (reached.is === "known") found.add(reached.known);
        else if (reached.path.length <= 8) open.push({ file: target, specifier: reached.specifier, path: reached.path });
      }
    }
  }
  return found;
}

// The export of that name; or a member of what CommonJS exports as a whole.
function ways(module: Exported, path: readonly string[]): [readonly Part[], readonly string[]][] {
  const [first, ...rest] = path;
  const whole = module.names.get("default") ?? [];
  if (first === undefined) return [[whole, []]];
  const named = module.names.get(first) ?? [];
  if (first === "default") return named.length > 0 ? [[named, rest]] : [[module.names.get(rest[0] ?? "") ?? [], rest.slice(1)]];
  return [
    [named, rest],
    [whole, path],
  ];
}

type Reached = { is: "known"; known: Known } | { is: "imported"; specifier: string; path: readonly string[] };

function descend(parts: readonly Part[], path: readonly string[]): Reached[] {
  return parts.flatMap((part): Reached[] => {
    if (part.is === "imported") return [{ ...part, path: [...part.path, ...path] }];
    if (part.is === "members") {
      const [first, ...rest] = path;
      return first === undefined ? [] : descend(part.members.get(first) ?? [], rest);
    }
    const known = memberAt(part.known, path);
    return known === undefined ? [] : [{ is: "known", known }];
  });
}
