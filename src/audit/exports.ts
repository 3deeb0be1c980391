// What a file exports, in a form that outlives its tree.
import type { Known } from "./known.ts";
import type { Meanings } from "./meaning.ts";
import { keyIn } from "./pattern.ts";
import type { Meaning } from "./scope.ts";
import type { Walked } from "./walked.ts";

export type Exported = { names: Map<string, Part[]>; stars: readonly string[] };

export type Part =
  | { is: "known"; known: Known }
  | { is: "imported"; specifier: string; path: readonly string[] }
  | { is: "members"; members: Map<string, Part[]> };

export function exportsOf(walked: Walked, meanings: Meanings): Exported {
  const names = new Map<string, Part[]>();
  for (const [name, values] of walked.exports) {
    const parts = values.flatMap((value) => partsOf(meanings.ofValue(value), meanings, 0));
    if (parts.length > 0) names.set(name, parts);
  }
  return { names, stars: walked.starExports };
}

// Objects in objects: as deep as a table of commands is likely to be.
const deepest = 2;

function partsOf(found: readonly Meaning[], meanings: Meanings, depth: number): Part[] {
  return found.flatMap((meaning): Part[] => {
    if (meaning.is === "known" || meaning.is === "imported") return [meaning];
    if (meaning.is !== "object" || meaning.node.type !== "ObjectExpression" || depth >= deepest) return [];
    const members = new Map<string, Part[]>();
    for (const property of meaning.node.properties) {
      if (property.type === "SpreadElement") {
        const spread = partsOf(meanings.of(property.argument, meaning.scope), meanings, depth + 1);
        for (const part of spread) if (part.is === "members") for (const [key, parts] of part.members) members.set(key, parts);
        continue;
      }
      const key = keyIn(property);
      if (key === undefined || property.type !== "ObjectProperty") continue;
      const parts = partsOf(meanings.of(property.value, meaning.scope), meanings, depth + 1);
      if (parts.length > 0) members.set(key, parts);
    }
    return members.size > 0 ? [{ is: "members", members }] : [];
  });
}
