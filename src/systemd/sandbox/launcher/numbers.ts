// The numbers of the system calls that the launcher makes, and of one flag, on each architecture.
import type { Architecture } from "../../../backend/limits-filter.ts";

export type Numbers = Record<
  | "clone"
  | "close"
  | "connect"
  | "dup3"
  | "execve"
  | "exit_group"
  | "fcntl"
  | "getpeername"
  | "getpid"
  | "openat"
  | "prctl"
  | "setsockopt"
  | "shutdown"
  | "socket"
  | "wait4"
  | "write"
  | "O_NOFOLLOW",
  number
>;

export const numbersOf: Record<Architecture, Numbers> = {
  x64: {
    clone: 56,
    close: 3,
    connect: 42,
    dup3: 292,
    execve: 59,
    exit_group: 231,
    fcntl: 72,
    getpeername: 52,
    getpid: 39,
    openat: 257,
    prctl: 157,
    setsockopt: 54,
    shutdown: 48,
    socket: 41,
    wait4: 61,
    write: 1,
    O_NOFOLLOW: 0o400000,
  },
  arm64: {
    clone: 220,
    close: 57,
    connect: 203,
    dup3: 24,
    execve: 221,
    exit_group: 94,
    fcntl: 25,
    getpeername: 205,
    getpid: 172,
    openat: 56,
    prctl: 167,
    setsockopt: 208,
    shutdown: 210,
    socket: 198,
    wait4: 260,
    write: 64,
    O_NOFOLLOW: 0o100000,
  },
};
