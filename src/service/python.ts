// Finds out which entries are run by Python, because Python buffers its output and needs PYTHONUNBUFFERED.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { shebangOf } from "./shebang.ts";

/** Programs that start the Python of a project. */
const starters = new Set(["uv", "uvx", "poetry", "pipenv", "pdm", "hatch"]);

export function isPythonItself(program: string): boolean {
  return /^(?:python|pypy)[\d.]*$/.test(basename(program));
}

/**
 * Python finds its environment by the path it was called by (site(3), pyvenv.cfg), which is a link to the Python of the system.
 */
export function isInVirtualEnvironment(program: string): boolean {
  return existsSync(join(dirname(dirname(program)), "pyvenv.cfg"));
}

/** True for Python, a program of a virtual environment, and a file whose `#!` line names Python. */
export function isPython(program: string): boolean {
  const words = [program, ...(shebangOf(program) ?? [])];
  return words.some((word) => isPythonItself(word) || starters.has(basename(word))) || isInVirtualEnvironment(program);
}
