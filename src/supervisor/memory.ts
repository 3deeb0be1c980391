// Gives back what starting up has brought into memory: pages of the executable that are hardly ever looked at again.
import { readProc, statusField } from "../base/proc.ts";
import { pageOut } from "./kernel.ts";

/** Beyond so much it is worth the pages that have to be fetched again. */
const worthBytes = 24 * 1024 * 1024;

/** They stay in the page cache of the machine, from where the kernel takes them without a disk; and it may drop them at will. */
export function giveBack(): void {
  const kilobytes = Number.parseInt(statusField(readProc("self/status") ?? "", "RssFile") ?? "0", 10);
  if (kilobytes * 1024 < worthBytes) return;
  Bun.gc(true);
  for (const [, from, to] of (readProc("self/maps") ?? "").matchAll(readOnlyFile))
    if (from && to) pageOut(BigInt(`0x${from}`), BigInt(`0x${to}`));
}

/** A line of proc_pid_maps(5) that is of a file (an inode that is not 0) and cannot be written to. */
const readOnlyFile = /^([0-9a-f]+)-([0-9a-f]+) r-.. [0-9a-f]+ \S+ [1-9]\d* .*$/gm;
