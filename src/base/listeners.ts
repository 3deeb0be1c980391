// Lists the listening TCP sockets of this machine from /proc/net/tcp (proc_pid_net(5)).
import { readProc } from "./proc.ts";

export type Listener = {
  inode: string;
  uid: number;
  /** The address as the kernel writes it: hexadecimal, in words of 32 bits, each in native byte order. */
  address: string;
  port: number;
};

const listening = "0A";

/** The listening sockets of IPv4 and IPv6. */
export function listeners(): Listener[] {
  return ["net/tcp", "net/tcp6"].flatMap((file) => parseListeners(readProc(file) ?? ""));
}

/** Pure. */
export function parseListeners(text: string): Listener[] {
  return (
    text
      .split("\n")
      .slice(1)
      // Only the lines of listening sockets are parsed, because a server may have thousands of connections.
      .filter((line) => line.includes(` ${listening} `))
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [, local, , state] = fields;
        if (state !== listening || local === undefined) return [];
        const [address = "", port = ""] = local.split(":");
        return [{ inode: fields[9] ?? "", uid: Number(fields[7]), address, port: Number.parseInt(port, 16) }];
      })
  );
}
