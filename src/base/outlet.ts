// Writes to stdout and stderr without process.stdout, which loads node:stream and doubles the time of a short command.
import { fstatSync } from "node:fs";
import { errnoOf } from "./errors.ts";

/** The width of the terminal behind a descriptor in columns, 80 where it is unknown; null where it is not a terminal. */
export async function columnsOf(fd: 1 | 2): Promise<number | null> {
  // A pipe or a file is never a terminal, and needs no bun:ffi.
  if (!isDevice(fd)) return null;
  const { terminalSize } = await import("./terminal-size.ts");
  return terminalSize(fd)?.columns ?? null;
}

function isDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false; // the descriptor is closed
  }
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
