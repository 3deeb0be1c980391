// Adds the filter against prlimit64 to this thread and everything it executes.
import { ptr as addressOf } from "bun:ffi";
import { architectureOf, lengthOf, limitsFilter } from "../backend/limits-filter.ts";
import { takeFilter } from "./kernel.ts";

/** NoNewPrivs must be set before. False where the kernel refuses the filter, or bs9 has no filter for this architecture. */
export function refuseLimitsOfOthers(): boolean {
  const architecture = architectureOf(process.arch);
  if (architecture === null) return false;
  const filter = limitsFilter(architecture, process.pid);
  // struct sock_fprog: the number of instructions, then their address.
  return takeFilter(new BigUint64Array([BigInt(lengthOf(filter)), BigInt(addressOf(filter))]));
}
