// Splits bytes into lines, forwards or backwards, piece by piece; a line longer than the limit is split into several.

/** `end` is the offset after the newline of the line. */
export type LogFileLine = { bytes: Buffer; end: number };

/** Returns the bytes between two offsets; fewer where the file ends before. */
export type Bytes = (from: number, to: number) => Buffer;

const pieceBytes = 256 * 1024;
const maxLineBytes = 1024 * 1024;
const newline = 10;
const nothing = Buffer.alloc(0);

/** `partial`: the text after the last newline counts as a line too. */
export function* forwards(read: Bytes, from: number, to: number, partial: boolean): Generator<LogFileLine> {
  let rest: Buffer = nothing;
  let start = from;
  for (let at = from; at < to; ) {
    const piece = read(at, Math.min(to, at + pieceBytes));
    if (piece.length === 0) break;
    at += piece.length;
    const block = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let begin = 0;
    for (let found = block.indexOf(newline); found !== -1; found = block.indexOf(newline, begin)) {
      yield { bytes: block.subarray(begin, found), end: start + found + 1 };
      begin = found + 1;
    }
    if (block.length - begin >= maxLineBytes) {
      yield { bytes: block.subarray(begin), end: at };
      begin = block.length;
    }
    rest = block.subarray(begin);
    start += begin;
  }
  if (partial && rest.length > 0) yield { bytes: rest, end: start + rest.length };
}

export function* backwards(read: Bytes, from: number, to: number): Generator<LogFileLine> {
  let rest: Buffer = nothing;
  for (let at = to; at > from; ) {
    const start = Math.max(from, at - pieceBytes);
    const piece = read(start, at);
    // The file was truncated during the read.
    if (piece.length < at - start) return;
    at = start;
    const block = rest.length === 0 ? piece : Buffer.concat([piece, rest]);
    let cut = block.length;
    for (let found = before(block, cut); found !== -1; found = before(block, cut)) {
      yield { bytes: withoutNewline(block.subarray(found + 1, cut)), end: start + cut };
      cut = found + 1;
    }
    if (cut >= maxLineBytes) {
      yield { bytes: withoutNewline(block.subarray(0, cut)), end: start + cut };
      cut = 0;
    }
    rest = block.subarray(0, cut);
  }
  if (rest.length > 0) yield { bytes: withoutNewline(rest), end: from + rest.length };
}

/**
 * The offset after the last newline before `to`; `from` where there is no newline, `to` where a line is longer than the limit.
 */
export function lastLineEnd(read: Bytes, from: number, to: number): number {
  for (let at = to; at > from; ) {
    if (to - at >= maxLineBytes) return to;
    const start = Math.max(from, at - pieceBytes);
    const found = read(start, at).lastIndexOf(newline);
    if (found !== -1) return start + found + 1;
    at = start;
  }
  return from;
}

/** Finds where the line that ends at `cut` begins: the position of the newline before it. */
function before(block: Buffer, cut: number): number {
  return cut < 2 ? -1 : block.lastIndexOf(newline, cut - 2);
}

function withoutNewline(bytes: Buffer): Buffer {
  return bytes.at(-1) === newline ? bytes.subarray(0, -1) : bytes;
}
