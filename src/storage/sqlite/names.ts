// Services and the host by the number that stands for them in every other table.
import type { Database } from "bun:sqlite";
import { failed } from "../../base/errors.ts";
import { maxServiceId } from "./keys.ts";

export type Names = { idOf: Map<string, number>; nameOf: Map<number, string> };

export function loadNames(db: Database): Names {
  const rows = db.query<{ id: number; name: string }, []>("SELECT id, name FROM service").all();
  return { idOf: new Map(rows.map(({ id, name }) => [name, id])), nameOf: new Map(rows.map(({ id, name }) => [id, name])) };
}

/** A new name gets a number. */
export function idFor(db: Database, names: Names, name: string): number {
  const known = names.idOf.get(name);
  if (known !== undefined) return known;
  const id = Number(db.query("INSERT INTO service (name) VALUES (?1)").run(name).lastInsertRowid);
  if (id > maxServiceId) throw failed(`cannot keep samples of ${name}: there have been ${maxServiceId} names`);
  names.idOf.set(name, id);
  names.nameOf.set(id, name);
  return id;
}
