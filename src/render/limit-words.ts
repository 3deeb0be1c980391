// The sentences about limits that the user asked for and that this host does not enforce.
import { formatBytes } from "../base/quantities.ts";
import type { Status } from "../status/schema.ts";

/** A sentence for each limit on memory or CPU that is not in force; empty while the service does not run. */
export function limitsNotInForce({ name, pid, limits }: Pick<Status, "name" | "pid" | "limits">): string[] {
  if (pid === null) return [];
  const { memoryBytes, cpuPercent } = limits;
  return [
    ...(memoryBytes === null || memoryBytes.inForce ? [] : [sentence(name, "memory", formatBytes(memoryBytes.value))]),
    ...(cpuPercent === null || cpuPercent.inForce ? [] : [sentence(name, "CPU", `${cpuPercent.value}%`)]),
  ];
}

function sentence(name: string, what: string, value: string): string {
  return `${name}: the ${what} limit of ${value} is not in force, because services have no ${what} controller on this host. Try: bs9 doctor`;
}
