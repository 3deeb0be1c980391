// Finds the project root of an entry, which its sandbox opens.
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readRegular } from "../base/files.ts";

const marks = ["package.json", "bs9.toml", ".git"];

/**
 * The nearest directory from `start` upwards that contains a file that marks a project, such as package.json, else `start`
 * itself. The search ends at the home directory and at /, where files do not mark a project.
 */
export function projectRoot(start: string, home: string): string {
  for (let folder = start; folder !== dirname(folder) && folder !== home && isTrusted(folder); folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
  }
  return start;
}

/** True for the home directory and everything above it, which is never opened as a whole. */
export function isHomeOrAbove(folder: string, home: string): boolean {
  return folder === home || folder === "/" || home.startsWith(`${folder}/`);
}

/**
 * A file that marks a project, such as package.json, does not count if another user could have created it, for example in /tmp:
 * files beside it would run with the project.
 */
function isTrusted(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o002) === 0;
}

const maxPackageBytes = 1024 * 1024;

/** `name` in the project's package.json; null where it cannot be read. */
export function packageName(root: string): string | null {
  try {
    const text = readRegular(join(root, "package.json"), maxPackageBytes)?.toString("utf8") ?? "";
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "name" in found && typeof found.name === "string" ? found.name : null;
  } catch {
    // A broken package.json must not prevent a default name.
    return null;
  }
}
