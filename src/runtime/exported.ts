// Reads what a configuration file in JavaScript, TypeScript or JSON exports, as JSON; the file runs in its own process.
import { failed } from "../base/errors.ts";
import { exec } from "../base/exec.ts";
import { harmless } from "../base/text.ts";

const timeoutMs = 10_000;
const maxBytes = 4 * 1024 * 1024;
/** Marks the beginning of the JSON, because the file may print as well. */
const mark = "\u0001bs9\u0001";
const program = `const loaded = await import(process.argv.at(-1)); process.stdout.write(${JSON.stringify(mark)} + JSON.stringify(loaded.default ?? loaded));`;

/** Throws `failed` where the file cannot be run, or exports a value that JSON cannot represent. `file` is absolute. */
export async function exportedBy(file: string, cwd: string, env: Record<string, string | undefined>): Promise<unknown> {
  const argv = [process.execPath, "--config=/dev/null", "--no-install", "-e", program, file];
  const result = await exec(argv, { timeoutMs, maxBytes, cwd, env, asBun: true });
  const at = result.stdout.lastIndexOf(mark);
  if (result.timedOut) throw failed(`cannot read ${file}: it did not end within ${timeoutMs / 1000} s`, { hint: `node ${file}` });
  if (result.exitCode !== 0 || at === -1) {
    const lines = result.stderr.trim().split("\n").slice(0, 10).map(harmless);
    throw failed(`cannot read ${file}: it ended with ${result.exitCode}`, { details: lines, hint: `node ${file}` });
  }
  const text = result.stdout.slice(at + mark.length);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failed(`cannot read ${file}: what it exports is no JSON`, { cause: error });
  }
}
