// What each test file needs, and in which order the files run.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * - `unit`: this checkout alone.
 * - `built`: the executable of `npm run build`.
 * - `lab`: the executable, and a real systemd that test/lab.sh boots.
 * - `image`: podman, in the namespaces of test/image/place.sh.
 */
export type Need = "unit" | "built" | "lab" | "image";

export type TestFile = { path: string; need: Need; isAlone: boolean };

/** These files compare times, so they run one by one after all others. The reason stands beside each. */
const judgesTimes: Record<string, string> = {};

/** The files that take longest, longest first. A pool that starts them last waits for them at the end. */
const longest: string[] = [];

/** Reads what each file needs off its path and its imports, and sorts: longest first, then by need, then by name. */
export function testFiles(top: string, paths: string[]): TestFile[] {
  return paths
    .map((path) => ({ path, need: needOf(top, path), isAlone: path in judgesTimes }))
    .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

function rank({ path, need }: TestFile): number {
  const place = longest.indexOf(path);
  return place >= 0 ? place : longest.length + ["image", "lab", "built", "unit"].indexOf(need);
}

function needOf(top: string, path: string): Need {
  if (path.startsWith("test/image/")) return "image";
  if (/^test\/(?:lab|e2e|attack)\//.test(path)) return "lab";
  return usesExecutable(top, path, new Set()) ? "built" : "unit";
}

/** True where the file, or a file of test/ that it imports, takes the executable from the harness or names it. */
function usesExecutable(top: string, path: string, seen: Set<string>): boolean {
  if (seen.has(path) || path === "test/harness.ts" || !path.startsWith("test/") || !existsSync(join(top, path))) return false;
  seen.add(path);
  const text = readFileSync(join(top, path), "utf8");
  if (/\bbinary\b[^;]*from "[./]*harness\.ts"/.test(text) || text.includes("dist/bs9")) return true;
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+\.ts)"/g)].some(([, specifier]) =>
    usesExecutable(top, normalize(join(dirname(path), specifier ?? "")), seen),
  );
}
