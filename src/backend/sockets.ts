// Finds the processes that listen on a TCP port, from the file descriptors of processes.
import { type Listener, listeners } from "../base/listeners.ts";
import { linkOf, listProc, readProc, startTimeOf, statusField } from "../base/proc.ts";

export type { Listener };
export { listeners };

export function listenersOn(port: number): Listener[] {
  return listeners().filter((one) => one.port === port);
}

/** The sockets that these processes hold. */
export function heldBy(pids: number[], all: Listener[]): Listener[] {
  if (all.length === 0) return [];
  const byLink = new Map(all.map((one) => [`socket:[${one.inode}]`, one]));
  return pids.flatMap((pid) => listProc(`${pid}/fd`).flatMap((fd) => byLink.get(linkOf(`${pid}/fd/${fd}`) ?? "") ?? []));
}

/**
 * The sockets that these processes hold; null if there are no processes, or if the descriptors of one process are not readable.
 */
export function heldIfShown(pids: number[], all: Listener[]): Listener[] | null {
  const isShown = pids.length > 0 && pids.every((pid) => listProc(`${pid}/fd`).length > 0 || startTimeOf(pid) === null);
  return isShown ? heldBy(pids, all) : null;
}

/** True when one of the processes holds one of the sockets. */
export function holdsSocket(pids: number[], all: Listener[]): boolean {
  return pids.some((pid) => heldBy([pid], all).length > 0);
}

export type Holder = { pid: number; command: string };

/** The process that holds a listening socket; null for processes of other users, whose descriptors are not readable. */
export function holderOf(all: Listener[]): Holder | null {
  for (const entry of listProc("")) {
    const pid = Number(entry);
    if (Number.isInteger(pid) && holdsSocket([pid], all)) {
      return { pid, command: statusField(readProc(`${pid}/status`) ?? "", "Name") ?? "?" };
    }
  }
  return null;
}

/** Ports below this number need a privilege (ip(7)). */
export function firstOpenPort(): number {
  return Number(readProc("sys/net/ipv4/ip_unprivileged_port_start") ?? 1024);
}
