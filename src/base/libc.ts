// The few system calls that Bun does not offer, through bun:ffi, loaded on first use.

type Libc = {
  flock(fd: number, operation: number): number;
  adjtimex(buffer: Uint8Array): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
};

let libc: Libc | null = null;

async function load(): Promise<Libc> {
  if (libc !== null) return libc;
  const { dlopen, FFIType } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", {
    flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    adjtimex: { args: [FFIType.ptr], returns: FFIType.i32 },
    fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
  });
  libc = {
    flock: (fd, operation) => symbols.flock(fd, operation),
    adjtimex: (buffer) => symbols.adjtimex(buffer),
    fallocate: (fd, mode, offset, length) => symbols.fallocate(fd, mode, offset, length),
  };
  return libc;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * flock(2), exclusive, without waiting; false when another process holds the lock. The kernel releases it with the descriptor.
 */
export async function tryLock(fd: number): Promise<boolean> {
  return (await load()).flock(fd, LOCK_EX | LOCK_NB) === 0;
}

/** flock(2) with a shared lock: several processes may hold it while no process holds an exclusive lock. */
export async function tryShareLock(fd: number): Promise<boolean> {
  return (await load()).flock(fd, LOCK_SH | LOCK_NB) === 0;
}

/** Larger than any struct timex; with modes 0 the kernel only fills it in (adjtimex(2)). */
const timexBytes = 256;
const TIME_ERROR = 5;

/** Whether the kernel considers its clock synchronized, whichever program sets it; null where the call is not permitted. */
export async function isClockInSync(): Promise<boolean | null> {
  const state = (await load()).adjtimex(new Uint8Array(timexBytes));
  return state < 0 ? null : state !== TIME_ERROR;
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** Frees the blocks of a range while the size stays (fallocate(2)); false where the file system does not support it. */
export async function punchHole(fd: number, offset: number, length: number): Promise<boolean> {
  return (await load()).fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) === 0;
}
