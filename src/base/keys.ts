// Reads keys while a command repaints the screen: at once and without echo.
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";

/** termios(3): bits of c_iflag and of c_lflag, and the action TCSANOW of tcsetattr. */
const ICRNL = 0x100;
const IXON = 0x400;
const ISIG = 0x1;
const ICANON = 0x2;
const ECHO = 0x8;
const IEXTEN = 0x8000;
const TCSANOW = 0;
/** c_iflag is the first and c_lflag the fourth word of struct termios, which has 60 bytes in glibc. */
const inputFlags = 0;
const localFlags = 3;
const termiosWords = 15;

const { symbols } = dlopen("libc.so.6", {
  tcgetattr: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  tcsetattr: { args: [FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  tcgetpgrp: { args: [FFIType.i32], returns: FFIType.i32 },
  getpgrp: { args: [], returns: FFIType.i32 },
});

export type OpenedKeys = {
  /** Restores the settings of the terminal, for as long as another program uses it. */
  rest(): void;
  /** Ends a rest. */
  resume(): void;
  close(): void;
};

type KeyOptions = { isRaw?: boolean; gone?: () => void };

/**
 * Starts to read keys. Null if nobody can type: stdin is not a terminal, or the command runs in the background. With `isRaw`
 * every key is read, also Ctrl-C, Ctrl-S and Ctrl-Z, which otherwise keep their meaning. `gone` is called when nothing more can
 * be typed, because the terminal was closed.
 */
export function openKeys(pressed: (typed: string) => void, { isRaw = false, gone }: KeyOptions = {}): OpenedKeys | null {
  const before = new Uint32Array(termiosWords);
  if (symbols.tcgetattr(0, addressOf(before)) !== 0 || !isInForeground()) return null;
  const changed = Uint32Array.from(before);
  changed[localFlags] = (before[localFlags] ?? 0) & ~(ICANON | ECHO | (isRaw ? ISIG | IEXTEN : 0));
  if (isRaw) changed[inputFlags] = (before[inputFlags] ?? 0) & ~(ICRNL | IXON);
  const change = () => void (isInForeground() && symbols.tcsetattr(0, TCSANOW, addressOf(changed)));
  const restore = () => void (isInForeground() && symbols.tcsetattr(0, TCSANOW, addressOf(before)));
  change();
  process.once("exit", restore);
  // After Ctrl-Z the shell has restored its own settings.
  process.on("SIGCONT", change);
  void read(pressed).then(gone);
  return {
    rest: restore,
    resume: change,
    close() {
      process.off("exit", restore);
      process.off("SIGCONT", change);
      restore();
    },
  };
}

/** A background process that changes the terminal is stopped by SIGTTOU. */
function isInForeground(): boolean {
  return symbols.tcgetpgrp(0) === symbols.getpgrp();
}

async function read(pressed: (typed: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const part of Bun.stdin.stream()) pressed(decoder.decode(part, { stream: true }));
  } catch {
    // The terminal is gone, so nothing more can be typed.
  }
}
