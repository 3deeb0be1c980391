// Writes the table of system calls of a launcher: each argument is placed once, rows are linked by labels.
import type { Architecture } from "../../../backend/limits-filter.ts";
import { Image } from "./image.ts";
import { COMPARE, END, rowWords, wordBytes } from "./loop.ts";

/** A label for a row of the table, with which the launcher can continue; `mark` sets which row that is. */
export class Label {
  row: number | null = null;
}

/** An address in the launcher's memory. Only the table creates places. */
export type MemoryAddress = { address: bigint };

/** An argument: a number, the address of something placed, or the value that a place holds when the call is made. */
export type Argument = number | MemoryAddress | { valueAt: MemoryAddress };

type Row = { call: bigint; arguments: bigint[]; into: bigint; orElse: Label };

const mostArguments = 5;

export class Table {
  readonly #image = new Image();
  readonly #numbers = new Map<bigint, bigint>();
  readonly #rows: Row[] = [];
  readonly #nowhere = this.bytes(new Uint8Array(wordBytes));

  bytes(bytes: Uint8Array): MemoryAddress {
    return { address: this.#image.place(bytes) };
  }

  text(text: string): MemoryAddress {
    return this.bytes(Buffer.from(`${text}\0`));
  }

  words(...words: bigint[]): MemoryAddress {
    return this.bytes(new Uint8Array(new BigUint64Array(words).buffer));
  }

  /**
   * Adds a system call. 32 bits of its result are stored at `into`; if the call fails, the launcher continues with the row
   * `orElse`.
   */
  call(number: number, given: Argument[], { into, orElse }: { into?: MemoryAddress; orElse: Label }): void {
    this.#add(BigInt(number), given, { into: into ?? this.#nowhere, orElse });
  }

  /** Adds a system call whose failure is ignored. */
  attempt(number: number, given: Argument[]): void {
    const after = new Label();
    this.call(number, given, { orElse: after });
    this.mark(after);
  }

  /** Adds a comparison: if the memory at `place` holds another value, the launcher continues with the row `orElse`. */
  compare(place: MemoryAddress, value: number, { orElse }: { orElse: Label }): void {
    this.#add(COMPARE, [{ valueAt: place }, value], { into: this.#nowhere, orElse });
  }

  goto(label: Label): void {
    // Two different numbers, so the comparison always leads to the label.
    this.#add(COMPARE, [0, 1], { into: this.#nowhere, orElse: label });
  }

  /** Ends the table: the program is executed. */
  end(): void {
    const end = new Label();
    this.mark(end);
    this.#add(END, [], { into: this.#nowhere, orElse: end });
  }

  /** Ends the process. */
  exit(number: number, status: number): void {
    const self = new Label();
    this.mark(self);
    this.call(number, [status], { orElse: self });
  }

  /** Makes the label stand for the row that is added next. */
  mark(label: Label): void {
    label.row = this.#rows.length;
  }

  file(architecture: Architecture): Uint8Array {
    const first = this.#image.next;
    const rowBytes = BigInt(rowWords * wordBytes);
    for (const { call, arguments: places, into, orElse } of this.#rows) {
      if (orElse.row === null) throw new Error(`call ${call} leads to a row that is not there`);
      this.words(BigInt.asUintN(64, call), ...places, into, first + BigInt(orElse.row) * rowBytes);
    }
    return this.#image.file(architecture, first);
  }

  #add(call: bigint, given: Argument[], { into, orElse }: { into: MemoryAddress; orElse: Label }): void {
    const filled = [...given, ...Array<Argument>(mostArguments - given.length).fill(0)];
    const places = filled.map((one) => (typeof one === "object" && "valueAt" in one ? one.valueAt.address : this.#constant(one)));
    this.#rows.push({ call, arguments: places, into: into.address, orElse });
  }

  /** Equal numbers share one place. */
  #constant(value: number | MemoryAddress): bigint {
    const number = BigInt.asUintN(64, typeof value === "number" ? BigInt(value) : value.address);
    const known = this.#numbers.get(number);
    if (known !== undefined) return known;
    const { address } = this.words(number);
    this.#numbers.set(number, address);
    return address;
  }
}
