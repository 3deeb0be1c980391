// Who listens on a TCP port, from /proc/net/tcp (proc_pid_net(5)) and the descriptors of processes.
import { linkOf, listProc, readProc, statusField } from "../base/proc.ts";

export type Listener = { inode: string; uid: number };

const listening = "0A";

/** Every listening TCP socket on the port, of IPv4 and IPv6. */
export function listenersOn(port: number): Listener[] {
  const found: Listener[] = [];
  for (const file of ["net/tcp", "net/tcp6"]) {
    for (const line of (readProc(file) ?? "").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [, local, , state] = fields;
      if (state !== listening || local === undefined) continue;
      if (Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) !== port) continue;
      found.push({ inode: fields[9] ?? "", uid: Number(fields[7]) });
    }
  }
  return found;
}

/** True when one of the processes holds one of the sockets. */
export function holdsSocket(pids: number[], listeners: Listener[]): boolean {
  if (listeners.length === 0) return false;
  const wanted = new Set(listeners.map((listener) => `socket:[${listener.inode}]`));
  return pids.some((pid) => listProc(`${pid}/fd`).some((fd) => wanted.has(linkOf(`${pid}/fd/${fd}`) ?? "")));
}

export type Holder = { pid: number; command: string };

/** The process behind a listening socket; null where it is another user's, whose descriptors are not shown. */
export function holderOf(listeners: Listener[]): Holder | null {
  for (const entry of listProc("")) {
    const pid = Number(entry);
    if (Number.isInteger(pid) && holdsSocket([pid], listeners)) {
      return { pid, command: statusField(readProc(`${pid}/status`) ?? "", "Name") ?? "?" };
    }
  }
  return null;
}

/** Ports below this one need a privilege (ip(7)). */
export function firstOpenPort(): number {
  return Number(readProc("sys/net/ipv4/ip_unprivileged_port_start") ?? 1024);
}
