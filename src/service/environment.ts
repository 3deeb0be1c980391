// The environment variables that a service is given: their files, and what a process can take.
import { open } from "node:fs/promises";
import { parseEnv } from "node:util";
import { failed, usage } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import type { EnvFile } from "./spec.ts";

const maxEnvFileBytes = 4 * 1024 * 1024;
const envFileTimeoutMs = 10_000;

/** Reads environment files in their order. Throws for a file that cannot be read, and for a variable that no service can get. */
export async function readEnvFiles(paths: string[]): Promise<EnvFile[]> {
  const files: EnvFile[] = [];
  for (const path of paths) {
    const values = await readEnvFile(path);
    for (const [name, value] of Object.entries(values)) checkVariable(name, value);
    files.push({ path, values });
  }
  return files;
}

/** It may be a pipe, as a secret store writes to; one that nobody writes to is not waited for. */
async function readEnvFile(file: string): Promise<Record<string, string>> {
  try {
    const late = Bun.sleep(envFileTimeoutMs).then(() => {
      throw failed(`nothing came out of it in ${envFileTimeoutMs / 1000} s`);
    });
    const bytes = await Promise.race([readUpTo(file, maxEnvFileBytes), late]);
    if (bytes.length > maxEnvFileBytes) throw failed(`it has more than ${maxEnvFileBytes} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return Object.fromEntries(Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    throw failed(`cannot read the environment file ${file}: ${plainErrno(error)}`, { cause: error });
  }
}

/** One byte more than that shows that there is too much. */
async function readUpTo(file: string, maxBytes: number): Promise<Buffer> {
  const opened = await open(file, "r");
  try {
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
    throw usage(`an environment variable cannot be named ${JSON.stringify(name)}: letters, digits and _ only, no digit first`);
  withoutNul(value, `the value of ${name}`);
  // systemd drops such a value from an environment file, and no quoting cures it.
  if (/\p{Noncharacter_Code_Point}/u.test(value))
    throw usage(`the value of ${name} holds a Unicode noncharacter (such as U+FFFF), which systemd does not take`);
}

export function withoutNul(text: string, what: string): string {
  if (text.includes("\0")) throw usage(`${what} holds a NUL byte, which no process can be given`);
  return text;
}
