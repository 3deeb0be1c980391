// The needs of each test file, and the order in which the files run.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * - `unit`: this checkout alone.
 * - `built`: the executable of `npm run build`.
 * - `lab`: the executable, and a real systemd that test/lab.sh boots.
 * - `image`: podman, in the namespaces of test/image/place.sh.
 */
export type Need = "unit" | "built" | "lab" | "image";

export type TestFile = {
  path: string;
  need: Need;
  /** True if the file must run alone, while no other test file runs. */
  isAlone: boolean;
  /** Is known to take long. */
  isLong: boolean;
};

/** Files that compare times run one by one after all others. The comparison is given beside each. */
export const judgesTimes: Record<string, string> = {
  "test/audit/audit.test.ts": "an audit of much source ends in time",
  "test/lab/sandbox.test.ts": "a cached probe of the host is faster than the first",
  "test/logs/level.test.ts": "levels of hostile lines are found in time",
  "test/supervisor/recycle.test.ts": "a start by hand does not wait for the delay of a restart",
};

/** Files that take long, longest first: a pool that starts them last would wait for them at the end. */
export const longest: string[] = [
  "test/image/image.test.ts",
  "test/e2e/hostile.test.ts",
  "test/lab/conformance.test.ts",
  "test/e2e/agent.test.ts",
  "test/e2e/apps.test.ts",
  "test/e2e/start.test.ts",
  "test/e2e/survive.test.ts",
  "test/install/broken.test.ts",
  "test/storage/exported.test.ts",
  "test/supervisor/conformance.test.ts",
  "test/supervisor/survive.test.ts",
  "test/install/uninstall.test.ts",
  "test/storage/sqlite.test.ts",
  "test/logs/store/store.test.ts",
  "test/build.test.ts",
  "test/commands/completion.test.ts",
  "test/commands/export.test.ts",
  "test/lifecycle/available.test.ts",
  "test/storage/memory.test.ts",
  "test/storage/file.test.ts",
  "test/storage/crash.test.ts",
  "test/storage/export.test.ts",
  "test/checks.test.ts",
];

/** Files that wait more than they work. They are started early, and `npm run unit` runs them too. */
export const waiting = [
  "test/web/server.test.ts",
  "test/systemd/bus/bus.test.ts",
  "test/agent/turns.test.ts",
  "test/health/probe.test.ts",
  "test/health/live.test.ts",
  "test/supervisor/control.test.ts",
];

/** Finds what each file needs from its path and imports, and sorts: longest first, then by need, then by name. */
export function testFiles(top: string, paths: string[]): TestFile[] {
  return paths
    .map((path) => ({ path, need: needOf(top, path), isAlone: path in judgesTimes, isLong: longest.includes(path) }))
    .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

function rank({ path, need }: TestFile): number {
  const place = [...longest, ...waiting].indexOf(path);
  return place >= 0 ? place : longest.length + waiting.length + ["image", "lab", "built", "unit"].indexOf(need);
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
