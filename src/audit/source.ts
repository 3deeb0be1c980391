// Reads a source file; FIFOs and devices cannot block it.
import { statSync } from "node:fs";
import { errnoOf, reasonOf } from "../base/errors.ts";
import { readRegular } from "../base/files.ts";

export type SourceText = { text: string; isBinary: boolean } | { unread: string };

/** The text, or the reason in words why it was not read. */
export function readSource(path: string, maxBytes: number): SourceText {
  try {
    const { size } = statSync(path);
    if (size > maxBytes) return { unread: `its ${size} bytes are more than the ${maxBytes} that are read` };
    const bytes = readRegular(path, maxBytes);
    if (bytes === null) return { unread: "it is no regular file" };
    // Decoding drops a byte order mark, as Bun does.
    return { text: new TextDecoder().decode(bytes), isBinary: bytes.includes(0) };
  } catch (error) {
    return { unread: errnoOf(error) === "EACCES" ? "this user may not read it" : reasonOf(error) };
  }
}
