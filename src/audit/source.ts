// Reads a source file; FIFOs and devices cannot block it.
import { statSync } from "node:fs";
import { errnoOf, reasonOf } from "../base/errors.ts";
import { readRegular } from "../base/files.ts";

export type SourceText = { text: string; isBinary: boolean } | { unread: string };

/** The text, or the reason in words why it was not read. */
export function readSource(path: string, maxBytes: number): SourceText {
  try {
    const { size } = statSync(path);
    if (size > maxBytes) return { unread: `it has ${size} bytes, and the audit reads at most ${maxBytes}` };
    const bytes = readRegular(path, maxBytes);
    if (bytes === null) return { unread: "it is not a regular file" };
    // Decoding drops a byte order mark, as Bun does.
    return { text: new TextDecoder().decode(bytes), isBinary: bytes.includes(0) };
  } catch (error) {
    return { unread: errnoOf(error) === "EACCES" ? "permission denied" : reasonOf(error) };
  }
}
