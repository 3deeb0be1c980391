// Reads a secret of a channel from the configuration, or from a file that only this user can read.
import { statSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { shellWord } from "../../base/text.ts";

const maxBytes = 64 * 1024;

/** Read at each use, so that a changed file takes effect at once. Throws where the file does not exist, or others can read it. */
export function secretOf(value: string | undefined, file: string | undefined, home: string): string | null {
  if (file === undefined) return value ?? null;
  const path = file.startsWith("~/") ? join(home, file.slice(2)) : file;
  const text = readIfThere(path, maxBytes);
  if (text === null) throw failed(`${path} does not exist`, { hint: `create it, then: chmod 600 ${shellWord(path)}` });
  if ((statSync(path).mode & 0o077) !== 0) throw failed(`other users can read ${path}`, { hint: `chmod 600 ${shellWord(path)}` });
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw failed(`${path} is empty`);
  return secret;
}
