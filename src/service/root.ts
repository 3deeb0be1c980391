// The project root of an entry: what its sandbox opens.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const marks = ["package.json", "bs9.toml", ".git"];

/**
 * The nearest folder from `start` upwards that holds a mark of a project, else `start` itself.
 * The search ends at home and at /: what is there marks no project.
 */
export function projectRoot(start: string, home: string): string {
  for (let folder = start; folder !== dirname(folder) && folder !== home; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
  }
  return start;
}

/** True for home itself and everything above it: never opened whole. */
export function isHomeOrAbove(folder: string, home: string): boolean {
  return folder === home || folder === "/" || home.startsWith(`${folder}/`);
}
