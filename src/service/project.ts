// Reads bs9.toml, the project file: one table for each service, with the options of `start`.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { failed, reasonOf, usage } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { nearest, shellWord } from "../base/text.ts";
import { isTable, lineOfKey, readToml } from "../base/toml.ts";
import { readEnvFiles } from "./environment.ts";
import type { StartInput } from "./input.ts";
import { checkName } from "./name.ts";
import { entryOf, envFilesOf, projectOptions } from "./project-options.ts";

export type ProjectService = {
  /** An absolute path, or the name of a command on PATH. */
  entry: string;
  input: StartInput;
};

export type WrittenService = { entry: string; envFiles: string[]; input: StartInput };
type Source = { text: string; file: string };

const maxBytes = 256 * 1024;
const section = "services";
const keys = ["entry", "env-file", ...projectOptions.map(({ key }) => key)];

/** Reads a bs9.toml. Throws a usage error that names the file, the line and the key. */
export async function readProject(path: string): Promise<ProjectService[]> {
  const file = resolve(path);
  const services: ProjectService[] = [];
  for (const written of parseProject(textOf(file), file)) {
    const envFiles = await readEnvFiles(written.envFiles);
    services.push(placed({ ...written.input, envFiles }, written.entry, dirname(file)));
  }
  return services;
}

/** Pure; relative paths count from the directory of `file`. */
export function parseProject(text: string, file: string): WrittenService[] {
  const read = readToml(text);
  if (read.value === null) throw usage(`${file}:${read.line}: ${read.reason}`);
  const source = { text, file };
  for (const key of Object.keys(read.value))
    if (key !== section) throw mistake(source, [key], `there is no such key; each service is a table, [${section}.NAME]`);
  const services = read.value[section] ?? {};
  if (!isTable(services)) throw mistake(source, [section], `it must contain tables, [${section}.NAME]`);
  if (Object.keys(services).length === 0)
    throw usage(`${file} defines no service; a service is a table such as [${section}.web], with the key entry`);
  return Object.entries(services).map(([name, table]) => serviceOf(name, table, source));
}

function textOf(file: string): string {
  const text = readIfThere(file, maxBytes);
  if (text !== null) return text;
  throw failed(`cannot read ${file}: there is no such file`, { hint: `ls ${shellWord(dirname(file))}` });
}

function serviceOf(name: string, table: unknown, source: Source): WrittenService {
  const at = [section, name];
  if (!isTable(table)) throw mistake(source, at, `it must be a table, [${section}.${name}]`);
  located(source, at, () => checkName(name));
  const unknown = Object.keys(table).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw mistake(source, [...at, unknown], unknownKey(unknown));
  const folder = dirname(source.file);
  const read = <T>(key: string, absent: T, of: (value: unknown) => T): T =>
    Object.hasOwn(table, key) ? located(source, [...at, key], () => of(table[key])) : absent;
  const entry = read("entry", null, entryOf);
  if (entry === null) throw mistake(source, at, 'the key entry is missing, such as entry = "app.ts"');
  const envFiles = read("env-file", [], (value) => envFilesOf(value, folder));
  // The file is complete: an option that is missing in it gets its default, even if the service had another value.
  const input: StartInput = { name, args: [], env: {}, envRemoved: [], reset: true };
  for (const { key, read: parse } of projectOptions)
    Object.assign(
      input,
      read(key, {}, (value) => parse(value, folder)),
    );
  return { entry, envFiles, input };
}

/** A file beside bs9.toml, else a command on PATH, which then runs in the directory of bs9.toml. */
function placed(input: StartInput, entry: string, folder: string): ProjectService {
  const file = resolve(folder, entry);
  if (entry.includes("/") || existsSync(file)) return { entry: file, input };
  return { entry, input: { ...input, cwd: input.cwd ?? folder } };
}

function located<T>(source: Source, path: string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw mistake(source, path, reasonOf(error), error);
  }
}

function mistake({ text, file }: Source, path: string[], what: string, cause?: unknown): Error {
  return usage(`${file}:${lineOfKey(text, path)}: ${path.join(".")}: ${what}`, { cause });
}

function unknownKey(key: string): string {
  const guess = nearest(key, keys);
  return `there is no such key${guess === null ? "" : `; did you mean '${guess}'?`}`;
}
