// Reads the Journal Export Format as a stream, with a limit for each value, so that a line of any length can be read. It is the
// only format of journalctl that gives the length of a value before the value. With `-o json` a line of several megabytes, or a
// byte array four times as long as its bytes, would have to be held in memory whole.
// https://systemd.io/JOURNAL_EXPORT_FORMATS

export type JournalFields = Map<string, string>;

/** The number of bytes kept of one value. journald itself cuts a line of stdout at LineMax=48K (journald.conf(5)). */
export const maxValueBytes = 1024 * 1024;

const newline = 0x0a;
const equals = 0x3d;

export class ExportReader {
  #rest: Buffer = Buffer.alloc(0);
  #fields: JournalFields = new Map();
  #skipBytes = 0;
  #skipLine = false;
  #ended = false;

  /** Yields the entries that this chunk completes. */
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
    // A copy, because a few remaining bytes would keep the whole chunk in memory.
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  /**
   * Reads one item (a field, the end of an entry, bytes to skip) and returns where the next begins; `at` where the item is not
   * complete.
   */
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

  /** A `NAME=value` whose end has not arrived: waits for more bytes, until the value exceeds the limit. */
  #unended(bytes: Buffer, at: number, sign: number): number {
    if (bytes.length - at <= maxValueBytes) return at;
    this.#set(bytes, at, sign, sign + 1, bytes.length);
    this.#skipLine = true;
    return bytes.length;
  }

  /** `NAME`, newline, the length as 64 bits little-endian, the value, newline: the form for values with control characters. */
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

  /** A field may occur more than once (sd_journal_send(3)); the first value is used. */
  #set(bytes: Buffer, at: number, nameEnd: number, start: number, end: number): void {
    const name = bytes.toString("latin1", at, nameEnd);
    if (!this.#fields.has(name)) this.#fields.set(name, bytes.toString("utf8", start, end));
  }
}
