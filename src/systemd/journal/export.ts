// Reads the Journal Export Format as it streams in, each value with a limit, so that no line is too long for it.
// Of journalctl's formats it is the one that says how long a value is before it comes: with `-o json` a line of
// several megabytes, or a byte array four times as long as its bytes, would have to be held whole to be read at all.
// https://systemd.io/JOURNAL_EXPORT_FORMATS

export type JournalFields = Map<string, string>;

/** What is kept of one value. journald itself cuts a line of stdout at LineMax=48K, journald.conf(5). */
export const maxValueBytes = 1024 * 1024;

const newline = 0x0a;
const equals = 0x3d;

export class ExportReader {
  #rest: Buffer = Buffer.alloc(0);
  #fields: JournalFields = new Map();
  #skipBytes = 0;
  #skipLine = false;
  #ended = false;

  /** The entries that this chunk completes. */
  *push(chunk: Uint8Array): Generator<JournalFields> {
    const bytes =
      this.#rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let next = this.#step(bytes, at); next > at; next = this.#step(bytes, at)) {
      at = next;
      if (!this.#ended) continue;
      this.#ended = false;
      if (this.#fields.size > 0) yield this.#fields;
      this.#fields = new Map();
    }
    // A copy: the chunk would be kept alive by a few bytes of it.
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** Takes in one thing (a field, the end of an entry, what is to be skipped) and says where the next begins; `at` where it is not yet all there. */
  #step(bytes: Buffer, at: number): number {
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, bytes.length - at);
      this.#skipBytes -= skipped;
      return at + skipped;
    }
    const end = bytes.indexOf(newline, at);
    if (this.#skipLine) {
      this.#skipLine = end < 0;
      return end < 0 ? bytes.length : end + 1;
    }
    this.#ended = end === at;
    if (this.#ended) return at + 1;
    const sign = bytes.indexOf(equals, at);
    if (end < 0) return sign < 0 ? at : this.#unended(bytes, at, sign);
    if (sign >= 0 && sign < end) {
      this.#set(bytes, at, sign, sign + 1, end);
      return end + 1;
    }
    return this.#sized(bytes, at, end);
  }

  /** `NAME=value` without its end so far: waited for until it is too long. */
  #unended(bytes: Buffer, at: number, sign: number): number {
    if (bytes.length - at <= maxValueBytes) return at;
    this.#set(bytes, at, sign, sign + 1, bytes.length);
    this.#skipLine = true;
    return bytes.length;
  }

  /** `NAME`, newline, the length as 64 bits little-endian, the value, newline: for values with control characters. */
  #sized(bytes: Buffer, at: number, end: number): number {
    const start = end + 1 + 8;
    if (bytes.length < start) return at;
    const size = Number(bytes.readBigUInt64LE(end + 1));
    const kept = Math.min(size, maxValueBytes);
    if (bytes.length < start + kept) return at;
    this.#set(bytes, at, end, start, start + kept);
    this.#skipBytes = size - kept + 1;
    return start + kept;
  }

  /** A field may come more than once (sd_journal_send(3)); the first one counts. */
  #set(bytes: Buffer, at: number, nameEnd: number, start: number, end: number): void {
    const name = bytes.toString("latin1", at, nameEnd);
    if (!this.#fields.has(name)) this.#fields.set(name, bytes.toString("utf8", start, end));
  }
}
