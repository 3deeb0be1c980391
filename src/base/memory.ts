// Releases memory after the start: pages of the executable that are rarely used again.
import { readProc, statusField } from "./proc.ts";

const MADV_DONTNEED = 4;
/** Available since Linux 5.4; older kernels ignore it. */
const MADV_PAGEOUT = 21;

/** Smaller ranges of memory are not released, because loading their pages again would cost more than is gained. */
const worthBytes = 12 * 1024 * 1024;

/** The pages stay in the page cache, from where the kernel maps them again without reading the disk; it may also drop them. */
export async function releaseMemory(): Promise<void> {
  const madvise = await load();
  // The following code contains no `await`, because the mappings must not change between reading them and madvise(2).
  if (heldOfFiles() < worthBytes) return;
  Bun.gc(true);
  // Releases the machine code of functions that ran once; it is compiled again when needed. The types of Bun 1.4 lack this.
  (Bun as { shrink?: () => void }).shrink?.();
  for (const { from, to } of unwritten(readProc("self/smaps") ?? "")) {
    madvise(from, to - from, MADV_PAGEOUT);
    // Pages remain that other processes use, or that come from a file system without a disk. They are read from the file again
    // when needed, so they must never have been written to (madvise(2)).
    madvise(from, to - from, MADV_DONTNEED);
  }
}

/** The pages of an executable in a tmpfs count as shared memory (proc_pid_status(5)). */
function heldOfFiles(): number {
  const status = readProc("self/status") ?? "";
  const kilobytes = ["RssFile", "RssShmem"].map((field) => Number.parseInt(statusField(status, field) ?? "0", 10));
  return kilobytes.reduce((sum, one) => sum + one, 0) * 1024;
}

/**
 * Pure. Returns the ranges of proc_pid_smaps(5) that map a file (inode not 0), are not writable, and were never written to: for
 * other ranges, such as those that the linker has relocated, the file does not have the content.
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
