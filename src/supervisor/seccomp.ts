// Takes on the filter against prlimit64 for this thread and all that it executes.
import { ptr as addressOf } from "bun:ffi";
import { architectureOf, lengthOf, limitsFilter } from "../backend/limits-filter.ts";
import { takeFilter } from "./kernel.ts";

/** NoNewPrivs has to be set. False where the kernel does not take it, or where bs9 has no filter for this machine. */
export function refuseLimitsOfOthers(): boolean {
  const architecture = architectureOf(process.arch);
  if (architecture === null) return false;
  const filter = limitsFilter(architecture, process.pid);
  // struct sock_fprog: the number of instructions, then their address.
  return takeFilter(new BigUint64Array([BigInt(lengthOf(filter)), BigInt(addressOf(filter))]));
}
