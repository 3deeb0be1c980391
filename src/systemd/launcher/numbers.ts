// The numbers of the system calls that the launcher makes, and of a flag, as each architecture has them.
import type { Architecture } from "../../backend/limits-filter.ts";

export type Numbers = { close: number; getpid: number; openat: number; prctl: number; exit_group: number; O_NOFOLLOW: number };

export const numbersOf: Record<Architecture, Numbers> = {
  x64: { close: 3, getpid: 39, openat: 257, prctl: 157, exit_group: 231, O_NOFOLLOW: 0o400000 },
  arm64: { close: 57, getpid: 172, openat: 56, prctl: 167, exit_group: 94, O_NOFOLLOW: 0o100000 },
};
