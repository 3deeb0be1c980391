// Turns a copy of bs9 into the plain Bun that it was built on.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { failed } from "../base/errors.ts";

/**
 * `bun build --compile` puts the program into the ELF section `.bun`, and its address into a data word that Bun reads at its
 * start (elf(5)). With that word cleared the file is plain Bun. So BUN_BE_BUN is not needed, which the children of an app would
 * inherit, and `fork` finds the expected program in process.execPath. A Bun without a program stays unchanged. Throws where the
 * file has another structure.
 */
export function makePlain(file: string): void {
  const fd = openSync(file, "r+");
  try {
    const bundle = sectionOf(fd, ".bun");
    if (bundle === null || bundle.size <= wordBytes) return;
    // The word follows the constants, in the `.bun` section of the Bun that was built on, whose section header is reused.
    const constants = sectionOf(fd, ".data.rel.ro");
    const places =
      constants === null || constants.offset > bundle.offset
        ? []
        : placesOf(bundle.address, bytesAt(fd, constants.offset, bundle.offset - constants.offset));
    const [place] = places;
    if (constants === null || place === undefined || places.length > 1)
      throw failed(`cannot turn ${file} into a plain Bun: the code of bs9 was not found in it`);
    writeSync(fd, Buffer.alloc(wordBytes), 0, wordBytes, constants.offset + place);
  } finally {
    closeSync(fd);
  }
}

type Section = { address: bigint; offset: number; size: number };

const wordBytes = 8;

// ELF64, little endian: the section headers, then their names.
function sectionOf(fd: number, name: string): Section | null {
  const head = bytesAt(fd, 0, 64);
  const entryBytes = head.readUInt16LE(0x3a);
  const table = bytesAt(fd, Number(head.readBigUInt64LE(0x28)), entryBytes * head.readUInt16LE(0x3c));
  const at = (index: number) => table.subarray(index * entryBytes, (index + 1) * entryBytes);
  const section = (header: Buffer): Section => ({
    address: header.readBigUInt64LE(0x10),
    offset: Number(header.readBigUInt64LE(0x18)),
    size: Number(header.readBigUInt64LE(0x20)),
  });
  const names = section(at(head.readUInt16LE(0x3e)));
  const text = bytesAt(fd, names.offset, names.size);
  for (let index = 0; index * entryBytes < table.length; index++) {
    const start = at(index).readUInt32LE(0);
    if (text.toString("latin1", start, text.indexOf(0, start)) === name) return section(at(index));
  }
  return null;
}

function placesOf(address: bigint, bytes: Buffer): number[] {
  const places: number[] = [];
  for (let place = 0; place + wordBytes <= bytes.length; place += wordBytes)
    if (bytes.readBigUInt64LE(place) === address) places.push(place);
  return places;
}

function bytesAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}
