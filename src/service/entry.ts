// Finds what ENTRY means on this host: a script, an executable file, or a command on PATH.

import { accessSync, constants, statSync } from "node:fs";
import { extname, isAbsolute, join, resolve } from "node:path";
import { errnoOf, failed, notFound } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { shellWord } from "../base/text.ts";
import type { FoundEntry } from "./input.ts";
import { isNumber, noNumbers } from "./targets.ts";

const scriptEndings = new Set([".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", ".tsx", ".jsx"]);
/** Files that hold settings or text: a shell would execute their lines as commands if they were executable. */
const isText = (file: string): boolean => /\.(?:json|ya?ml|toml|env|md|txt)$|(?:^|\/)\.env[^/]*$/i.test(file);
const takes = "bs9 start with a .ts or .js file, a program, a directory with a package.json, a bs9.toml or an ecosystem.config.js";

export function isScript(path: string): boolean {
  return scriptEndings.has(extname(path).toLowerCase());
}

/**
 * Looks for a file first, then, for a word without a slash, on PATH. Throws `not-found` for a word that matches nothing,
 * `failed` for a path that cannot be run.
 */
export function findEntry(word: string, cwd: string, path: string, asScript: boolean): FoundEntry {
  const file = resolve(cwd, word);
  const problem = kindOf(file);
  if (problem === "file") return fromFile(file, asScript);
  if (problem === "folder" && word.includes("/")) {
    throw failed(`cannot start ${word}: it is a directory`, { hint: `bs9 start ${shellWord(join(word, "index.ts"))}` });
  }
  if (!word.includes("/")) {
    const command = findCommand(word, path);
    if (command !== null) return { path: command, kind: asScript ? "script" : "executable", onPath: true };
    if (problem === "folder")
      throw failed(`cannot start ${word}: it is a directory`, { hint: `bs9 start ${shellWord(join(word, "index.ts"))}` });
    if (isNumber(word)) throw notFound(`there is no service ${word}: ${noNumbers}`, { hint: "bs9 status" });
    throw notFound(`'${word}' is not a service, a file here or a command on PATH`, { hint: "bs9 status" });
  }
  throw failed(`cannot start ${word}: ${problem}`);
}

/** The absolute path of a command on PATH, as execvp(3) finds it; null where it does not exist. */
export function findCommand(word: string, path: string): string | null {
  for (const folder of path.split(":")) {
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, word);
    if (kindOf(candidate) === "file" && mayRun(candidate)) return candidate;
  }
  return null;
}

function fromFile(file: string, asScript: boolean): FoundEntry {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    // An executable need not be readable, but a script must be.
    if (isScript(file) || asScript || !mayRun(file))
      throw failed(`cannot start ${file}: ${plainErrno(error)}`, { hint: `ls -l ${shellWord(file)}`, cause: error });
  }
  if (isScript(file) || asScript) return { path: file, kind: "script", onPath: false };
  if (mayRun(file)) return { path: file, kind: "executable", onPath: false };
  if (isText(file)) throw failed(`cannot start ${file}: it is a text file, not a program`, { hint: takes });
  const interpreter = file.endsWith(".py") ? `bs9 start python3 -- ${shellWord(file)}` : null;
  throw failed(`cannot start ${file}: it is neither a .ts or .js file nor executable`, {
    hint: interpreter ?? `chmod +x ${shellWord(file)}`,
  });
}

function kindOf(path: string): string {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return "folder";
    return stat.isFile() ? "file" : "it is not a regular file";
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? "there is no such file" : plainErrno(error);
  }
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
