// Resolves the value of --output to the path of the file that is written, and refuses what a file must not replace.
import { type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { failed, usage } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { resolvedPath } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";

export function fileFor(word: string, cwd: string): string {
  if (word === "" || word === "-") throw usage("--output needs a file name; without --output, export writes to stdout");
  const given = resolve(cwd, word);
  const found = statOf(given, given);
  if (found?.isDirectory() === true || word.endsWith("/"))
    throw failed(`cannot write ${given}: it is a directory`, { hint: `bs9 export --output ${shellWord(resolve(given, "samples.json"))}` });
  // export writes a new file and renames it to this path, which would replace /dev/stdout or a FIFO by a regular file.
  if (found !== undefined && !found.isFile())
    throw failed(`cannot write ${given}: it is not a regular file`, { hint: `bs9 export > ${shellWord(given)}` });
  const folder = dirname(given);
  if (statOf(folder, given)?.isDirectory() !== true)
    throw failed(`cannot write ${given}: the directory ${folder} does not exist`, { hint: `mkdir -p ${shellWord(folder)}` });
  return resolvedPath(given);
}

function statOf(path: string, given: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(`cannot write ${given}: ${plainErrno(error)}`, { cause: error });
  }
}
