// Reads the `#!` line of a file.
import { readRegular } from "../base/files.ts";

/** The words of a `#!` line (execve(2): at most 256 bytes count), or null. */
export function shebangOf(path: string): string[] | null {
  try {
    const text = readRegular(path, 256)?.toString("latin1") ?? "";
    const line = text.startsWith("#!") ? text.slice(2).split("\n")[0]?.trim() : undefined;
    return line ? line.split(/\s+/) : null;
  } catch {
    return null;
  }
}
