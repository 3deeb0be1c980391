// Reads package.json and tsconfig.json, as far as they decide where an import leads.
import { join } from "node:path";
import { readSource } from "./source.ts";

export type Json = { [key: string]: unknown };

const maxBytes = 1024 * 1024;

/** An object from a JSON file, in which comments are allowed; undefined where there is none. */
export function readObject(path: string): Json | undefined {
  const source = readSource(path, maxBytes);
  if ("unread" in source) return undefined;
  try {
    return asObject(Bun.JSONC.parse(source.text));
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** The file that the directory of a package, or a path inside it, stands for. */
export function mainOf(folder: string, inside: string): string | undefined {
  const manifest = readObject(join(folder, "package.json"));
  const exported = manifest?.["exports"];
  const map = asObject(exported);
  const isMap = map !== undefined && Object.keys(map).some((key) => key.startsWith("."));
  const target = isMap ? lookUp(map, inside === "" ? "." : `./${inside}`) : inside === "" ? chosen(exported) : undefined;
  if (target !== undefined) return join(folder, target);
  if (inside !== "") return join(folder, inside);
  const main = manifest?.["module"] ?? manifest?.["main"];
  return typeof main === "string" ? join(folder, main) : join(folder, "index");
}

/** The target of a key in `exports`, `imports` or `paths`, in which one `*` stands for the rest. */
export function lookUp(map: Json, key: string): string | undefined {
  if (Object.hasOwn(map, key)) return chosen(map[key]);
  for (const [pattern, target] of Object.entries(map)) {
    const [before = "", after, more] = pattern.split("*");
    if (after === undefined || more !== undefined || key.length < pattern.length - 1) continue;
    if (!key.startsWith(before) || !key.endsWith(after)) continue;
    const rest = key.slice(before.length, key.length - after.length);
    return chosen(target)?.replaceAll("*", () => rest);
  }
  return undefined;
}

const conditions = ["bun", "node", "import", "require", "module", "default"];

// The first condition that applies to Bun, in the order of the source.
function chosen(target: unknown, depth = 0): string | undefined {
  if (typeof target === "string") return target;
  if (depth > 8) return undefined;
  if (Array.isArray(target)) return chosen(target[0], depth + 1);
  for (const [condition, inner] of Object.entries(asObject(target) ?? {})) {
    const found = conditions.includes(condition) ? chosen(inner, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
