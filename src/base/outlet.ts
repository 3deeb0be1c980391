// Writes to stdout and stderr without process.stdout, which loads node:stream and doubles the time of a short command.
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";
import { errnoOf } from "./errors.ts";

/** ioctl_tty(2) */
const TIOCGWINSZ = 0x5413;

const { symbols } = dlopen("libc.so.6", { ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 } });

/** The size of the terminal behind a descriptor, 80x24 where it is unknown; null where it is not a terminal. */
export function terminalSize(fd: 0 | 1 | 2): { columns: number; rows: number } | null {
  // struct winsize: rows, columns, and two unused fields.
  const size = new Uint16Array(4);
  return symbols.ioctl(fd, TIOCGWINSZ, addressOf(size)) === 0 ? { columns: size[1] || 80, rows: size[0] || 24 } : null;
}

/** The width of the terminal behind a descriptor in columns, 80 where it is unknown; null where it is not a terminal. */
export function columnsOf(fd: 1 | 2): number | null {
  return terminalSize(fd)?.columns ?? null;
}

export type Outlet = {
  write(text: string): void;
  /** Why the text could not be written; null where it was written, and where the reader closed the pipe. */
  lost(): unknown;
  /** Waits until at most this many characters are unread; false where the reader is gone. */
  below(characters: number): Promise<boolean>;
};

export function outlet(file: Bun.BunFile): Outlet {
  const sink = file.writer();
  let open = true;
  let unread = 0;
  let lost: unknown = null;
  // A reader that closed the pipe ends the command without an error.
  const close = (error: unknown) => {
    open = false;
    if (!["EPIPE", "ECONNRESET"].includes(errnoOf(error) ?? "")) lost ??= error;
  };
  return {
    write(text) {
      if (!open || text === "") return;
      unread += text.length;
      try {
        // write() returns a promise where the reader is slower than this process, or the disk is full (Bun 1.4).
        const written: unknown = sink.write(text);
        if (written instanceof Promise) written.catch(close);
        const flushed: unknown = sink.flush();
        if (!(flushed instanceof Promise)) unread -= text.length;
        else
          flushed.then(() => {
            unread -= text.length;
          }, close);
      } catch (error) {
        close(error);
      }
    },
    lost: () => lost,
    async below(characters) {
      while (open && unread > characters) await Bun.sleep(1);
      return open;
    },
  };
}
