// Asks the kernel for its version of Landlock.
import { dlopen, FFIType } from "bun:ffi";
import { release } from "node:os";
import type { Kernel } from "../../backend/isolation.ts";
import { LANDLOCK_CREATE_RULESET_VERSION, landlockCalls } from "../../backend/landlock.ts";

const { i64, u64 } = FFIType;

let known: number | null = null;

/** The version of Landlock in this kernel, 0 where there is none (landlock_create_ruleset(2)). The kernel is asked once. */
function landlockVersion(): number {
  known ??= askedVersion();
  return known;
}

function askedVersion(): number {
  const { symbols } = dlopen("libc.so.6", { syscall: { args: [i64, u64, u64, u64], returns: i64 } });
  return Math.max(0, Number(symbols.syscall(landlockCalls.createRuleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION)));
}

export const kernelNow = (): Kernel => ({ release: release(), landlock: landlockVersion() });
