// The system calls that the supervisor and its launcher need and Bun does not offer (bun:ffi).
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";

const { i32, i64, u32, u64, ptr } = FFIType;
const { symbols } = dlopen("libc.so.6", {
  prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
  setrlimit: { args: [i32, ptr], returns: i32 },
  getrlimit: { args: [i32, ptr], returns: i32 },
  waitpid: { args: [i32, ptr, i32], returns: i32 },
  syscall: { args: [i64, i64, i64, i64, i64], returns: i64 },
  poll: { args: [ptr, u64, i32], returns: i32 },
  dup2: { args: [i32, i32], returns: i32 },
  umask: { args: [u32], returns: u32 },
  signal: { args: [i32, u64], returns: u64 },
  close: { args: [i32], returns: i32 },
});

const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const RLIMIT_NOFILE = 7;
const WNOHANG = 1;
const SIG_DFL = 0;
const SYS_pidfd_open = 434;
const POLLIN = 1;
const pollfdBytes = 8;

/** Orphaned processes of services become children of this process instead of PID 1. */
export function becomeSubreaper(): boolean {
  return symbols.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0;
}

/** Applies to this thread and everything it executes, and cannot be undone (PR_SET_NO_NEW_PRIVS(2const)). */
export function renounceNewPrivileges(): boolean {
  return symbols.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0;
}

/** Adds a seccomp filter to this thread and everything it executes; `program` is a struct sock_fprog (seccomp(2)). */
export function takeFilter(program: BigUint64Array): boolean {
  return symbols.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, addressOf(program), 0, 0) === 0;
}

/**
 * Where the hard limit of this process is lower and cannot be raised, the hard limit is used; `limits` shows the value in
 * force.
 */
export function limitOpenFiles(files: number): void {
  if (symbols.setrlimit(RLIMIT_NOFILE, new BigUint64Array([BigInt(files), BigInt(files)])) === 0) return;
  const now = new BigUint64Array(2);
  symbols.getrlimit(RLIMIT_NOFILE, now);
  const hard = now[1] ?? 0n;
  symbols.setrlimit(RLIMIT_NOFILE, new BigUint64Array([hard, hard]));
}

/** Signals that the engine ignores for itself would stay ignored in the program it executes (execve(2)). */
export function heedSignals(signals: number[]): void {
  for (const signal of signals) symbols.signal(signal, SIG_DFL);
}

export function becomesStdin(fd: number): void {
  symbols.dup2(fd, 0);
}

export function setUmask(mask: number): void {
  symbols.umask(mask);
}

/** Reaps an ended child that Bun did not spawn. */
export function reap(pid: number): void {
  symbols.waitpid(pid, null, WNOHANG);
}

/** pidfd_open(2); null where the process has ended. */
export function openPidfd(pid: number): number | null {
  const fd = Number(symbols.syscall(SYS_pidfd_open, pid, 0, 0, 0));
  return fd < 0 ? null : fd;
}

export function closePidfd(fd: number): void {
  symbols.close(fd);
}

/** Returns the pidfds whose process has ended, without waiting. */
export function endedOf(fds: number[]): number[] {
  if (fds.length === 0) return [];
  const asked = new DataView(new ArrayBuffer(fds.length * pollfdBytes));
  for (const [i, fd] of fds.entries()) {
    asked.setInt32(i * pollfdBytes, fd, true);
    asked.setInt16(i * pollfdBytes + 4, POLLIN, true);
  }
  if (symbols.poll(new Uint8Array(asked.buffer), fds.length, 0) <= 0) return [];
  return fds.filter((_, i) => asked.getInt16(i * pollfdBytes + 6, true) !== 0);
}
