// The version of a Node. It is remembered for each file, because running `node --version` takes longer than all other decisions
// of a start.
import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { exec } from "../base/exec.ts";
import { readIfThere, writeWhole } from "../base/files.ts";

const Remembered = v.record(v.string(), v.strictObject({ file: v.string(), version: v.string() }));
type Remembered = v.InferOutput<typeof Remembered>;

const timeoutMs = 2000;
const maxPrograms = 20;
const maxBytes = 64 * 1024;

/**
 * What `program --version` prints, with this PATH; null where it does not answer as Node does. `cache` is the cache directory of
 * bs9. Throws if the program cannot be executed.
 */
export async function nodeVersion(program: string, path: string, cache: string): Promise<string | null> {
  const file = identityOf(program);
  const remembered = read(cache);
  const known = remembered[program];
  if (file !== null && known?.file === file) return known.version;
  const { exitCode, stdout } = await exec([program, "--version"], { timeoutMs, maxBytes: 4096, cwd: "/", env: { PATH: path } });
  if (exitCode !== 0 || !/^v\d+\.\d+\.\d+\S*\n$/.test(stdout)) return null;
  const version = stdout.trim();
  if (file !== null) remember(cache, remembered, program, { file, version });
  return version;
}

/**
 * What changes together with the program file. Null for a program that may choose between several versions of Node by itself:
 * a script, or a program of a version manager, which has another name.
 */
function identityOf(program: string): string | null {
  const real = realpathSync(program);
  if (!["node", "nodejs"].includes(basename(real)) || !isElf(real)) return null;
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(real);
  return [real, dev, ino, size, mtimeMs, ctimeMs].join(" ");
}

function isElf(path: string): boolean {
  const head = Buffer.alloc(4);
  const fd = openSync(path, "r");
  try {
    readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return head.toString("latin1") === "\x7fELF";
}

const fileIn = (cache: string): string => join(cache, "node.json");

/** A file that cannot be parsed counts as empty. */
function read(cache: string): Remembered {
  try {
    return v.parse(Remembered, JSON.parse(readIfThere(fileIn(cache), maxBytes) ?? "{}"));
  } catch {
    return {};
  }
}

/** If the file cannot be written, the next command only has to run the program again. */
function remember(cache: string, before: Remembered, program: string, known: Remembered[string]): void {
  const others = Object.entries(before).filter(([other]) => other !== program);
  try {
    writeWhole(fileIn(cache), JSON.stringify(Object.fromEntries([...others.slice(1 - maxPrograms), [program, known]])), 0o600, false);
  } catch {}
}
