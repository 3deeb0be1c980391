// Writes an executable file (elf(5)): a code segment without write permission, and a data segment that holds the values.
import type { Architecture } from "../../../backend/limits-filter.ts";
import { loopAt, wordBytes } from "./loop.ts";

const headerBytes = 64;
const segmentBytes = 56;
const codeAt = 0x100;
const valuesAt = 0x200;
/**
 * Both segments come from one file; the second is mapped at another address. 64 KiB is the largest page size of both
 * architectures.
 */
const codeBase = 0x400000n;
const valuesBase = 0x10000000n;
const page = 0x10000n;

const EM = { x64: 62, arm64: 183 };
const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const [READ_EXECUTE, READ_WRITE] = [5, 6];

export class Image {
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Puts bytes into the data segment, aligned to 8 bytes, and returns their address. */
  place(bytes: Uint8Array): bigint {
    const address = valuesBase + BigInt(valuesAt + this.#bytes);
    const padded = new Uint8Array(Math.ceil(bytes.length / wordBytes) * wordBytes);
    padded.set(bytes);
    this.#parts.push(padded);
    this.#bytes += padded.length;
    return address;
  }

  /** The address that the next `place` returns. */
  get next(): bigint {
    return valuesBase + BigInt(valuesAt + this.#bytes);
  }

  /** The bytes of the file; `rows` is the address of the first row of the table. */
  file(architecture: Architecture, rows: bigint): Uint8Array {
    const bytes = Buffer.alloc(valuesAt + this.#bytes);
    bytes.set(header(architecture));
    const segments = [
      segment(PT_LOAD, READ_EXECUTE, 0, codeBase, valuesAt, page),
      segment(PT_LOAD, READ_WRITE, valuesAt, valuesBase + BigInt(valuesAt), this.#bytes, page),
      // Without this segment the stack would be executable.
      segment(PT_GNU_STACK, READ_WRITE, 0, 0n, 0, 16n),
    ];
    for (const [i, one] of segments.entries()) bytes.set(one, headerBytes + i * segmentBytes);
    bytes.set(loopAt(architecture, rows), codeAt);
    let at = valuesAt;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

function header(architecture: Architecture): Uint8Array {
  const bytes = Buffer.alloc(headerBytes);
  // 64 bits, little endian, version 1.
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16); // ET_EXEC
  bytes.writeUInt16LE(EM[architecture], 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(codeBase + BigInt(codeAt), 24);
  bytes.writeBigUInt64LE(BigInt(headerBytes), 32);
  bytes.writeUInt16LE(headerBytes, 52);
  bytes.writeUInt16LE(segmentBytes, 54);
  bytes.writeUInt16LE(3, 56);
  return bytes;
}

function segment(type: number, flags: number, offset: number, address: bigint, size: number, align: bigint): Uint8Array {
  const bytes = Buffer.alloc(segmentBytes);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(flags, 4);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  bytes.writeBigUInt64LE(address, 16);
  bytes.writeBigUInt64LE(address, 24);
  bytes.writeBigUInt64LE(BigInt(size), 32);
  bytes.writeBigUInt64LE(BigInt(size), 40);
  bytes.writeBigUInt64LE(align, 48);
  return bytes;
}
