// The few system calls that Bun does not offer, through bun:ffi, loaded on first use.
import { closeSync } from "node:fs";

type Libc = {
  flock(fd: number, operation: number): number;
  adjtimex(buffer: Uint8Array): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, address: Uint8Array, addressLength: number): bigint;
};

let libc: Libc | null = null;

async function load(): Promise<Libc> {
  if (libc !== null) return libc;
  const { dlopen, FFIType } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", {
    flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    adjtimex: { args: [FFIType.ptr], returns: FFIType.i32 },
    fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sendto: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i64 },
  });
  libc = {
    flock: (fd, operation) => symbols.flock(fd, operation),
    adjtimex: (buffer) => symbols.adjtimex(buffer),
    fallocate: (fd, mode, offset, length) => symbols.fallocate(fd, mode, offset, length),
    socket: (domain, type, protocol) => symbols.socket(domain, type, protocol),
    sendto: (fd, bytes, length, flags, address, addressLength) => symbols.sendto(fd, bytes, length, flags, address, addressLength),
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

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** The longest path of a socket, with the zero byte at its end (unix(7)). */
const maxSocketPath = 108;

/** Sends one datagram to a Unix socket, which Bun cannot do; false where nobody receives it now. */
export async function sendDatagram(path: string, bytes: Uint8Array): Promise<boolean> {
  const name = Buffer.from(path);
  if (name.length >= maxSocketPath) return false;
  const { socket, sendto } = await load();
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  try {
    const address = Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name, Buffer.alloc(1)]);
    return Number(sendto(fd, bytes, bytes.length, 0, address, address.length)) === bytes.length;
  } finally {
    closeSync(fd);
  }
}
