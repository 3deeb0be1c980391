// The word of --output -> the file that is written, links resolved; refuses what must not be replaced by one.
import { type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { failed, usage } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { resolvedPath } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";

export function fileFor(word: string, cwd: string): string {
  if (word === "" || word === "-") throw usage("--output needs a file; without it stdout is written to");
  const given = resolve(cwd, word);
  const found = statOf(given, given);
  if (found?.isDirectory() === true || word.endsWith("/"))
    throw failed(`cannot write ${given}: it is a folder`, { hint: `bs9 export --output ${shellWord(resolve(given, "samples.json"))}` });
  // A rename would put a file in the place of /dev/stdout or a FIFO.
  if (found !== undefined && !found.isFile())
    throw failed(`cannot write ${given}: it is no file`, { hint: `bs9 export > ${shellWord(given)}` });
  const folder = dirname(given);
  if (statOf(folder, given)?.isDirectory() !== true)
    throw failed(`cannot write ${given}: there is no folder ${folder}`, { hint: `mkdir -p ${shellWord(folder)}` });
  return resolvedPath(given);
}

function statOf(path: string, given: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(`cannot write ${given}: ${plainErrno(error)}`, { cause: error });
  }
}
