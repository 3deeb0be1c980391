// Asks the kernel for the size of a terminal.
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";

/** ioctl_tty(2) */
const TIOCGWINSZ = 0x5413;

const { symbols } = dlopen("libc.so.6", { ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 } });

/** The size of the terminal behind a descriptor, 80x24 where it is unknown; null where it is not a terminal. */
export function terminalSize(fd: 0 | 1 | 2): { columns: number; rows: number } | null {
  // struct winsize: rows, columns, and two unused fields.
  const size = new Uint16Array(4);
  return symbols.ioctl(fd, TIOCGWINSZ, addressOf(size)) === 0 ? { columns: size[1] || 80, rows: size[0] || 24 } : null;
}
