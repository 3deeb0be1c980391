// Expands what `start` accepts in place of a file: a directory with a package.json, or a command line in one word.
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { failed } from "../base/errors.ts";
import { readRegular } from "../base/files.ts";
import { harmless, shellWord } from "../base/text.ts";
import { parseCommandLine } from "./command-line.ts";
import { findCommand } from "./entry.ts";
import { checkVariable, withoutNul } from "./environment.ts";
import type { StartInput } from "./input.ts";

export type Expanded = { word: string; input: StartInput };
type Place = { cwd: string; path: string };

const maxPackageBytes = 1024 * 1024;
const Package = v.object({
  main: v.optional(v.string()),
  scripts: v.optional(v.record(v.string(), v.string()), {}),
});

/** Returns both unchanged for any other word. Throws where a package.json names nothing that can be started. */
export function expanded(word: string, input: StartInput, { cwd, path }: Place): Expanded {
  const file = resolve(cwd, word);
  const kind = kindOf(file);
  const isPath = word.includes("/") || word === "." || word === "..";
  if (kind === "directory" && existsSync(join(file, "package.json")) && (isPath || findCommand(word, path) === null)) {
    return ofPackage(file, input, path);
  }
  return kind === null && /\s/.test(word) ? ofLine(word, input) : { word, input };
}

/** The kind of file at a path; null if the path does not exist or is invalid. */
function kindOf(path: string): "file" | "directory" | null {
  try {
    return statSync(path).isDirectory() ? "directory" : "file";
  } catch {
    return null;
  }
}

function ofLine(line: string, input: StartInput): Expanded {
  const parsed = parseCommandLine(line);
  if (parsed === null) {
    throw failed(`cannot start ${shellWord(line)}: it needs a shell`, { hint: `bs9 start sh -- -c ${shellWord(line)}` });
  }
  return withWords(parsed.words, parsed.env, input);
}

/** Starts `scripts.start` as npm would, without npm as the parent process if possible; otherwise `main`. */
function ofPackage(folder: string, given: StartInput, path: string): Expanded {
  const { scripts, main } = read(join(folder, "package.json"));
  const input: StartInput = { ...given, cwd: given.cwd ?? folder, isProject: true };
  const line = scripts["start"];
  if (line === undefined) return ofMain(folder, main ?? "index.js", input);
  const parsed = parseCommandLine(line);
  if (parsed === null || scripts["prestart"] !== undefined || scripts["poststart"] !== undefined) return byNpm(folder, line, input, path);
  const [program = "", first, ...rest] = parsed.words;
  const script = first === undefined ? null : join(folder, first);
  if ((program === "node" || program === "bun") && script !== null && kindOf(script) === "file") {
    const runtime = input.runtime ?? (program === "node" && findCommand("node", path) !== null ? ("node" as const) : undefined);
    return withWords([script, ...rest], parsed.env, { ...input, runtime });
  }
  const ofPackages = program.includes("/") ? null : binaryOf(folder, program);
  // Its words may name another program of the packages, such as in `cross-env A=1 next start`, which needs npm's PATH.
  if (ofPackages !== null && first !== undefined && findCommand("npm", path) !== null) return byNpm(folder, line, input, path);
  const found = program.includes("/") ? resolve(folder, program) : (ofPackages ?? findCommand(program, path));
  // A first word that is not found may be, for example, a builtin command of the shell, so npm runs the script.
  if (found === null) return byNpm(folder, line, input, path);
  return withWords(
    [program.includes("/") || found.includes("/node_modules/") ? found : program, ...parsed.words.slice(1)],
    parsed.env,
    input,
  );
}

/** A program of the packages; npm adds the node_modules/.bin of every parent directory to PATH, so a workspace can share it. */
function binaryOf(folder: string, program: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "node_modules/.bin", program);
    if (existsSync(file)) return file;
    if (at === dirname(at)) return null;
  }
}

/** How Node.js and Bun complete a `main` that names no file itself. */
const mainEndings = ["", ".js", ".cjs", ".mjs", ".ts", "/index.js", "/index.cjs", "/index.mjs", "/index.ts"];

function ofMain(folder: string, main: string, input: StartInput): Expanded {
  const file = resolve(folder, main);
  const found = mainEndings.map((ending) => `${file}${ending}`).find((each) => kindOf(each) === "file");
  if (found !== undefined) return { word: found, input };
  throw failed(`cannot start ${folder}: its package.json has no scripts.start, and ${file} does not exist`, {
    hint: `bs9 start ${shellWord(join(folder, "app.ts"))}`,
  });
}

function byNpm(folder: string, line: string, input: StartInput, path: string): Expanded {
  if (findCommand("npm", path) !== null) return withWords(["npm", "start"], {}, input);
  throw failed(`cannot start ${folder}: scripts.start of its package.json needs npm and a shell, and there is no npm on PATH`, {
    details: [harmless(line)],
    hint: `bs9 start sh --cwd ${shellWord(folder)} -- -c ${shellWord(line)}`,
  });
}

function withWords([word = "", ...words]: string[], env: Record<string, string>, input: StartInput): Expanded {
  for (const [name, value] of Object.entries(env)) checkVariable(name, value);
  const args = [...words.map((one) => withoutNul(one, "an argument")), ...(input.args ?? [])];
  return { word: withoutNul(word, "an entry"), input: { ...input, args, env: { ...env, ...input.env } } };
}

function read(file: string): v.InferOutput<typeof Package> {
  try {
    const parsed = v.safeParse(Package, JSON.parse(readRegular(file, maxPackageBytes)?.toString("utf8") ?? ""));
    if (parsed.success) return parsed.output;
  } catch {
    // The error below reports it.
  }
  throw failed(`cannot start ${file}: it cannot be read as a package.json`, {
    hint: "bs9 start ENTRY, where ENTRY is a file of the project",
  });
}
