// The project root of an entry: what its sandbox opens.
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readRegular } from "../base/files.ts";

const marks = ["package.json", "bs9.toml", ".git"];

/**
 * The nearest folder from `start` upwards that holds a mark of a project, else `start` itself.
 * The search ends at home and at /: what is there marks no project.
 */
export function projectRoot(start: string, home: string): string {
  for (let folder = start; folder !== dirname(folder) && folder !== home && isTrusted(folder); folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
  }
  return start;
}

/** True for home itself and everything above it: never opened whole. */
export function isHomeOrAbove(folder: string, home: string): boolean {
  return folder === home || folder === "/" || home.startsWith(`${folder}/`);
}

/** A mark that somebody else could have made, in /tmp say, makes no project of ours: what lies beside it would run with it. */
function isTrusted(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o002) === 0;
}

const maxPackageBytes = 1024 * 1024;

/** `name` of the project's package.json; null where there is none that can be read. */
export function packageName(root: string): string | null {
  try {
    const text = readRegular(join(root, "package.json"), maxPackageBytes)?.toString("utf8") ?? "";
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "name" in found && typeof found.name === "string" ? found.name : null;
  } catch {
    // The name of a service does not depend on a package.json that is broken.
    return null;
  }
}
