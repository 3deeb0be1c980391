// Which Unix sockets processes listen on, by the paths that they were bound to.
import { linkOf, listProc, readProc } from "../base/proc.ts";

type UnixListener = { path: string; inode: string };

/** Flag of a socket that listens in /proc/net/unix, __SO_ACCEPTCON of the kernel's net.h (proc_net(5)). */
const acceptsConnections = 0x10000;

/** `Num RefCount Protocol Flags Type St Inode Path`; a socket without a path, or an abstract one, is left out. Pure. */
export function unixListenersIn(text: string): UnixListener[] {
  return text.split("\n").flatMap((line) => {
    const [, flags, inode, path] = /^\S+: \S+ \S+ ([0-9A-F]+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (flags === undefined || inode === undefined || path === undefined) return [];
    return (Number.parseInt(flags, 16) & acceptsConnections) === 0 ? [] : [{ path, inode }];
  });
}

/** The paths as the processes gave them to bind(2): in a mount namespace of their own they may be somewhere else. */
export function unixSocketsOf(pids: number[]): string[] {
  const byLink = new Map(unixListenersIn(readProc("net/unix") ?? "").map(({ path, inode }) => [`socket:[${inode}]`, path]));
  if (byLink.size === 0) return [];
  return [
    ...new Set(pids.flatMap((pid) => listProc(`${pid}/fd`).flatMap((fd) => byLink.get(linkOf(`${pid}/fd/${fd}`) ?? "") ?? []))),
  ].sort();
}
