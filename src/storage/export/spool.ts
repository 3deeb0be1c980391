// Keeps rows for an export that writes them column by column: in memory while they are few, then in an unlinked file.
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../../base/errors.ts";
import { makeFolder, plainErrno } from "../../base/files.ts";

const rowsInBatch = 500;
const inMemoryBytes = 4 * 1024 * 1024;

export class Spool {
  readonly #columns: number;
  readonly #folder: string;
  readonly #inMemory: Float64Array[] = [];
  #batch: Float64Array;
  #rows = 0;
  #fd: number | null = null;

  /** `folder` is created when the file is needed. */
  constructor(columns: number, folder: string) {
    this.#columns = columns;
    this.#folder = folder;
    this.#batch = new Float64Array(columns * rowsInBatch);
  }

  add(row: readonly number[]): void {
    const at = this.#rows % rowsInBatch;
    for (let column = 0; column < this.#columns; column++) this.#batch[column * rowsInBatch + at] = row[column] ?? Number.NaN;
    this.#rows++;
    if (at === rowsInBatch - 1) this.#put();
  }

  /** The given columns of all rows, in order, a batch at a time. Each batch overwrites the arrays of the one before. */
  *read(...columns: readonly number[]): Iterable<{ length: number; values: Float64Array[] }> {
    const values = columns.map(() => new Float64Array(rowsInBatch));
    for (let first = 0; first < this.#rows; first += rowsInBatch) {
      for (const [i, into] of values.entries()) this.#fill(into, first / rowsInBatch, columns[i] ?? 0);
      yield { length: Math.min(rowsInBatch, this.#rows - first), values };
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#inMemory.length = 0;
    this.#rows = 0;
  }

  #put(): void {
    this.#inMemory.push(this.#batch);
    const { byteLength } = this.#batch;
    if (this.#fd === null && this.#inMemory.length * byteLength <= inMemoryBytes) {
      this.#batch = new Float64Array(this.#batch.length);
      return;
    }
    try {
      this.#fd ??= this.#open();
      for (const batch of this.#inMemory.splice(0)) {
        const bytes = new Uint8Array(batch.buffer);
        for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
      }
    } catch (error) {
      throw this.#failed("write", error);
    }
  }

  /** Opens a file and unlinks it at once, so that it disappears with this process, however that ends. */
  #open(): number {
    makeFolder(this.#folder);
    const path = join(this.#folder, `export-${crypto.randomUUID()}.part`);
    const fd = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return fd;
  }

  #fill(into: Float64Array, batch: number, column: number): void {
    const known = this.#rows - batch * rowsInBatch < rowsInBatch ? this.#batch : this.#inMemory[batch];
    if (known !== undefined) {
      into.set(known.subarray(column * rowsInBatch, (column + 1) * rowsInBatch));
      return;
    }
    const bytes = new Uint8Array(into.buffer);
    const beginBytes = batch * this.#batch.byteLength + column * into.byteLength;
    try {
      for (let at = 0; at < bytes.length; ) {
        const count = readSync(this.#fd ?? -1, bytes, at, bytes.length - at, beginBytes + at);
        if (count === 0) throw new Error("the file has become shorter");
        at += count;
      }
    } catch (error) {
      throw this.#failed("read", error);
    }
  }

  #failed(act: string, error: unknown) {
    return failed(`cannot ${act} the temporary file of the export in ${this.#folder}: ${plainErrno(error)}`, {
      hint: "bs9 export --format csv",
      cause: error,
    });
  }
}
