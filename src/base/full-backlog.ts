// Tells whether a Unix socket has as many waiting connections as it takes. Bun reports ECONNREFUSED for such a socket, as for one
// that nobody listens on, so connect(2) is called through bun:ffi, which is loaded on first use.
import { closeSync } from "node:fs";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const EAGAIN = 11;
/** The longest path of a socket, with the zero byte at its end (unix(7)). */
const maxPathBytes = 108;

/** Throws where libc cannot be loaded or no socket can be made. */
export async function hasFullBacklog(path: string): Promise<boolean> {
  const { dlopen, FFIType, read } = await import("bun:ffi");
  const { i32, u32, ptr } = FFIType;
  const { symbols, close } = dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    connect: { args: [i32, ptr, u32], returns: i32 },
    __errno_location: { args: [], returns: ptr },
  });
  const name = Buffer.from(path);
  const fd = name.length >= maxPathBytes ? -1 : symbols.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error(`cannot make a socket to connect to ${path}`);
  try {
    const address = Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name, Buffer.alloc(1)]);
    const errnoAt = symbols.__errno_location();
    return symbols.connect(fd, address, address.length) !== 0 && errnoAt !== null && read.i32(errnoAt, 0) === EAGAIN;
  } finally {
    closeSync(fd);
    close();
  }
}
