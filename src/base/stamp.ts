// The stamp of a file: a text that changes when the file changes, to read a file again only then.
import { type Stats, statSync } from "node:fs";

/** Inode, size, time, mode and owner of the present file; null where there is no file that can be seen. */
export const stampOf = (path: string): string | null => stamped(path, (stat) => basics(stat));

/**
 * Also with ctime, which changes with every write, even where somebody sets the other timestamps back; but also with each new hard
 * link.
 */
export const changeStampOf = (path: string): string | null => stamped(path, (stat) => `${basics(stat)} ${stat.ctimeMs}`);

const basics = ({ ino, size, mtimeMs, mode, uid }: Stats): string => [ino, size, mtimeMs, mode, uid].join(" ");

function stamped(path: string, of: (stat: Stats) => string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? null : of(stat);
  } catch {
    return null;
  }
}
