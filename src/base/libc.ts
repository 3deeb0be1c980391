// The few system calls that Bun does not offer, through bun:ffi, loaded on first use.
import { closeSync } from "node:fs";

type Libc = {
  flock(fd: number, operation: number): number;
  adjtimex(buffer: Uint8Array): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, address: Uint8Array, addressLength: number): bigint;
  connect(fd: number, address: Uint8Array, addressLength: number): number;
  /** The errno of the last call. */
  errno(): number;
};

let libc: Libc | null = null;

async function load(): Promise<Libc> {
  if (libc !== null) return libc;
  const { dlopen, FFIType, read } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", {
    flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    adjtimex: { args: [FFIType.ptr], returns: FFIType.i32 },
    fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sendto: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i64 },
    connect: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  const errnoAt = symbols.__errno_location();
  libc = {
    flock: (fd, operation) => symbols.flock(fd, operation),
    adjtimex: (buffer) => symbols.adjtimex(buffer),
    fallocate: (fd, mode, offset, length) => symbols.fallocate(fd, mode, offset, length),
    socket: (domain, type, protocol) => symbols.socket(domain, type, protocol),
    sendto: (fd, bytes, length, flags, address, addressLength) => symbols.sendto(fd, bytes, length, flags, address, addressLength),
    connect: (fd, address, addressLength) => symbols.connect(fd, address, addressLength),
    errno: () => (errnoAt === null ? 0 : read.i32(errnoAt, 0)),
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
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** The longest path of a socket, with the zero byte at its end (unix(7)). */
const maxSocketPath = 108;
const EAGAIN = 11;

/** Opens a Unix socket that does not wait, and the address of a path; null where the path is too long or no socket can be made. */
async function socketTo(path: string, type: number): Promise<{ fd: number; address: Uint8Array } | null> {
  const name = Buffer.from(path);
  if (name.length >= maxSocketPath) return null;
  const fd = (await load()).socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  return { fd, address: Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name, Buffer.alloc(1)]) };
}

/** Sends one datagram to a Unix socket, which Bun cannot do; false where nobody receives it now. */
export async function sendDatagram(path: string, bytes: Uint8Array): Promise<boolean> {
  const opened = await socketTo(path, SOCK_DGRAM);
  if (opened === null) return false;
  const { fd, address } = opened;
  try {
    return Number((await load()).sendto(fd, bytes, bytes.length, 0, address, address.length)) === bytes.length;
  } finally {
    closeSync(fd);
  }
}

/**
 * Tells whether a Unix socket has as many waiting connections as it takes (connect(2): EAGAIN). Bun reports ECONNREFUSED for such a
 * socket, as for one that nobody listens on. Throws where libc cannot be loaded or no socket can be made.
 */
export async function hasFullBacklog(path: string): Promise<boolean> {
  const { connect, errno } = await load();
  const opened = await socketTo(path, SOCK_STREAM);
  if (opened === null) throw new Error(`cannot make a socket to connect to ${path}`);
  try {
    return connect(opened.fd, opened.address, opened.address.length) !== 0 && errno() === EAGAIN;
  } finally {
    closeSync(opened.fd);
  }
}
