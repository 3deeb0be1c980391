// Reads what a configuration file in JavaScript, TypeScript or JSON exports, as JSON; the file runs in its own process.
import { failed } from "../base/errors.ts";
import { exec } from "../base/exec.ts";
import { harmless, shellWord } from "../base/text.ts";

const timeoutMs = 10_000;
const maxBytes = 4 * 1024 * 1024;
/** Mark the beginning and the end of the JSON, because the file may print as well, and may print less than all at its end. */
const mark = "\u0001bs9\u0001";
const endMark = "\u0001end\u0001";
// A path is not a URL: `%20` or `#` in it would be read as one. The file may leave timers behind, which must not keep the
// process alive; an exit before the write is complete would cut the JSON.
const program = `const { pathToFileURL } = await import("node:url");
const loaded = await import(pathToFileURL(process.argv.at(-1)).href);
const text = ${JSON.stringify(mark)} + JSON.stringify(loaded.default ?? loaded) + ${JSON.stringify(endMark)};
process.stdout.write(text, () => process.exit(0));`;

/**
 * Reads the export of a file. Throws an error if the file cannot be run, or exports a value that JSON cannot represent. `file`
 * is absolute.
 */
export async function exportedBy(file: string, cwd: string, env: Record<string, string | undefined>): Promise<unknown> {
  const argv = [process.execPath, "--config=/dev/null", "--no-install", "-e", program, file];
  const result = await exec(argv, { timeoutMs, maxBytes, cwd, env, asBun: true });
  const at = result.stdout.lastIndexOf(mark);
  const end = result.stdout.indexOf(endMark, at);
  const hint = `node ${shellWord(file)}`;
  if (result.timedOut) throw failed(`cannot read ${file}: its code did not end within ${timeoutMs / 1000} s`, { hint });
  if (result.exitCode !== 0 || at === -1 || end === -1) {
    const lines = result.stderr.trim().split("\n").slice(0, 10).map(harmless);
    throw failed(`cannot read ${file}: bs9 executed it to read it, and it exited with ${result.exitCode}`, { details: lines, hint });
  }
  const text = result.stdout.slice(at + mark.length, end);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failed(`cannot read ${file}: its export cannot be written as JSON`, { hint, cause: error });
  }
}
