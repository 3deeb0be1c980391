// Finds the Unix sockets that processes listen on, by the paths that they are bound to.
import { linkOf, listProc, readProc } from "../base/proc.ts";

type UnixListener = { path: string; inode: string };

/** The flag of a listening socket in /proc/net/unix: __SO_ACCEPTCON of the kernel's net.h (proc_net(5)). */
const acceptsConnections = 0x10000;

/** Parses `Num RefCount Protocol Flags Type St Inode Path`; sockets without a path and abstract sockets are left out. Pure. */
export function unixListenersIn(text: string): UnixListener[] {
  return text.split("\n").flatMap((line) => {
    const [, flags, inode, path] = /^\S+: \S+ \S+ ([0-9A-F]+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (flags === undefined || inode === undefined || path === undefined) return [];
    return (Number.parseInt(flags, 16) & acceptsConnections) === 0 ? [] : [{ path, inode }];
  });
}

/** The paths that the processes passed to bind(2): in their own mount namespace these may be other places. */
export function unixSocketsOf(pids: number[]): string[] {
  const byLink = new Map(unixListenersIn(readProc("net/unix") ?? "").map(({ path, inode }) => [`socket:[${inode}]`, path]));
  if (byLink.size === 0) return [];
  return [
    ...new Set(pids.flatMap((pid) => listProc(`${pid}/fd`).flatMap((fd) => byLink.get(linkOf(`${pid}/fd/${fd}`) ?? "") ?? []))),
  ].sort();
}
