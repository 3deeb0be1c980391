// Gives back what starting up has brought into memory: pages of the executable that are hardly ever looked at again.
import { readProc, statusField } from "./proc.ts";

const MADV_DONTNEED = 4;
/** Linux 5.4; where it is not known it does nothing. */
const MADV_PAGEOUT = 21;

/** Beyond so much it is worth the pages that have to be fetched again. */
const worthBytes = 12 * 1024 * 1024;

/** They stay in the page cache of the machine, from where the kernel takes them without a disk; and it may drop them at will. */
export async function giveBack(): Promise<void> {
  const madvise = await load();
  // From here on nothing is waited for: what is mapped may not change between the look and the advice.
  if (heldOfFiles() < worthBytes) return;
  Bun.gc(true);
  // Machine code of functions that ran once: made again where it is needed. Not among the types of Bun 1.4.
  (Bun as { shrink?: () => void }).shrink?.();
  for (const { from, to } of unwritten(readProc("self/smaps") ?? "")) {
    madvise(from, to - from, MADV_PAGEOUT);
    // What is left: pages that others use too, and those of a file system without a disk. They are read from the file
    // when they are needed, so nothing may have been written to them (madvise(2)).
    madvise(from, to - from, MADV_DONTNEED);
  }
}

/** An executable in a tmpfs counts as shared memory (proc_pid_status(5)). */
function heldOfFiles(): number {
  const status = readProc("self/status") ?? "";
  const kilobytes = ["RssFile", "RssShmem"].map((field) => Number.parseInt(statusField(status, field) ?? "0", 10));
  return kilobytes.reduce((sum, one) => sum + one, 0) * 1024;
}

/**
 * Pure. The ranges of proc_pid_smaps(5) that are of a file (an inode that is not 0), cannot be written to, and were not
 * before either: of those that were, such as what the linker has relocated, the file does not have the content.
 */
export function unwritten(smaps: string): { from: bigint; to: bigint }[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((one) => {
    const [, from, to] = readOnlyFile.exec(one) ?? [];
    return from && to && /^Anonymous: +0 kB$/m.test(one) ? [{ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) }] : [];
  });
}

const readOnlyFile = /^([0-9a-f]+)-([0-9a-f]+) r-.p [0-9a-f]+ \S+ [1-9]\d* /;

type Madvise = (from: bigint, bytes: bigint, advice: number) => number;

let loaded: Madvise | null = null;

async function load(): Promise<Madvise> {
  if (loaded !== null) return loaded;
  const { dlopen, FFIType } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", { madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 } });
  loaded = (from, bytes, advice) => symbols.madvise(from, bytes, advice);
  return loaded;
}
