// The files of the registry: one JSON record for each name, read with a size limit and checked by a schema.
import { readdirSync } from "node:fs";
import * as v from "valibot";
import { errnoOf, failed, reasonOf } from "../base/errors.ts";
import { plainErrno, readIfThere } from "../base/files.ts";
import { shellWord } from "../base/text.ts";
import { namePattern } from "./name.ts";

/** A file of the registry that cannot be read; `error` names the file and the reason. */
export type Broken = { name: string; error: unknown };

/** The names that have a file in this directory; empty where the directory does not exist. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".json") && namePattern.test(file.slice(0, -5)))
      .map((file) => file.slice(0, -5))
      .sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw failed(`cannot read ${folder}: ${plainErrno(error)}`, { hint: `ls -ld ${shellWord(folder)}`, cause: error });
  }
}

/** Reads all records that can be read, and lists the others. */
export function readEach<T>(names: string[], read: (name: string) => T | null): { records: T[]; broken: Broken[] } {
  const records: T[] = [];
  const broken: Broken[] = [];
  for (const name of names) {
    try {
      const record = read(name);
      if (record !== null) records.push(record);
    } catch (error) {
      broken.push({ name, error });
    }
  }
  return { records, broken };
}

/** A JSON record; null where the file does not exist. Throws a Bs9Error for a file that is damaged or cannot be read. */
export function readRecord<S extends v.GenericSchema>(schema: S, file: string): v.InferOutput<S> | null {
  const text = readIfThere(file);
  if (text === null) return null;
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (error) {
    throw failed(`cannot read ${file}: ${reasonOf(error)}`, {
      hint: `move it away: mv ${shellWord(file)} ${shellWord(file)}.broken`,
      cause: error,
    });
  }
}
