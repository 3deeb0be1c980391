// The environment variables of a service: reads their files, and checks what a process can receive.
import { constants, lstatSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Bs9Error, failed, usage } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { whyNotRegular } from "../base/regular.ts";
import { shellWord } from "../base/text.ts";
import type { EnvFile } from "./spec.ts";

/** More than all variables together can have, because the check of their sum gives a clearer error. */
const maxEnvFileBytes = 4 * 1024 * 1024;
const envFileTimeoutMs = 10_000;

/** Reads environment files in order. Throws for a file that cannot be read, and for a variable that a service cannot receive. */
export async function readEnvFiles(paths: string[]): Promise<EnvFile[]> {
  const files: EnvFile[] = [];
  for (const path of paths) {
    const values = await readEnvFile(path);
    for (const [name, value] of Object.entries(values)) checkVariable(name, value);
    files.push({ path, values });
  }
  return files;
}

/** True for a descriptor, which another command cannot read again. */
export const isDescriptor = (file: string): boolean => ownDescriptor.test(file);

/** Descriptors of this process, such as those of the shell's `<(…)`: the caller passes them, and no app can replace them. */
const ownDescriptor = /^\/(?:dev\/(?:fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/;

/**
 * The variables in a regular file, or in a descriptor of this process. Reading a pipe without a writer is given up after 10 s.
 * Throws where the file cannot be read, is too large, or is a symbolic link: an app that can write to the directory could have
 * made a link to any file of the user, and would receive its content.
 */
async function readEnvFile(file: string): Promise<Record<string, string>> {
  try {
    const late = Bun.sleep(envFileTimeoutMs).then(() => {
      throw failed(`it could not be read to its end within ${envFileTimeoutMs / 1000} s`);
    });
    const bytes = await Promise.race([readUpTo(file, maxEnvFileBytes), late]);
    if (bytes.length > maxEnvFileBytes) throw failed(`it has more than ${maxEnvFileBytes} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const { parseEnv } = await import("node:util");
    return Object.fromEntries(Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    const hint = error instanceof Bs9Error && error.hint !== undefined ? { hint: error.hint } : {};
    throw failed(`cannot read the environment file ${file}: ${plainErrno(error)}`, { cause: error, ...hint });
  }
}

/** A link in a parent directory is followed, because Kubernetes mounts secrets through the link `..data`. */
function checkPlace(file: string): void {
  const why = whyNotRegular(file);
  if (why === null) return;
  if (!lstatSync(file).isSymbolicLink()) throw failed(why);
  const target = resolve(dirname(file), readlinkSync(file));
  throw failed(`it is a symbolic link to ${target}; bs9 does not follow it, because an app could have created it`, {
    hint: `name the file itself: --env-file ${shellWord(target)}`,
  });
}

/** Reads one byte more than the limit, so that a larger file is noticed. */
async function readUpTo(file: string, maxBytes: number): Promise<Buffer> {
  const isOwn = ownDescriptor.test(file);
  if (!isOwn) checkPlace(file);
  const { open } = await import("node:fs/promises");
  const opened = await open(file, isOwn ? "r" : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // Another file may have taken its place since the check.
    if (!isOwn && !(await opened.stat()).isFile()) throw failed("it is not a regular file");
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = (await opened.read(bytes, length, bytes.length - length, null)).bytesRead;
    return bytes.subarray(0, length);
  } finally {
    await opened.close();
  }
}

export function checkVariable(name: string, value: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw usage(
      `an environment variable cannot be named ${JSON.stringify(name)}: use letters, digits and _, and no digit at the beginning`,
    );
  withoutNul(value, `the value of ${name}`);
  // systemd drops such a value from an environment file, and quoting does not help.
  if (/\p{Noncharacter_Code_Point}/u.test(value))
    throw usage(`the value of ${name} contains a Unicode noncharacter (such as U+FFFF), which systemd does not accept`);
}

export function withoutNul(text: string, what: string): string {
  if (text.includes("\0")) throw usage(`${what} contains a NUL byte, which cannot be passed to a process`);
  return text;
}
