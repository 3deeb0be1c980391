// The listening TCP sockets of this machine, from /proc/net/tcp (proc_pid_net(5)).
import { readProc } from "./proc.ts";

export type Listener = {
  inode: string;
  uid: number;
  /** As the kernel writes it: hexadecimal, in words of 32 bits, each in the byte order of the machine. */
  address: string;
  port: number;
};

const listening = "0A";

/** Of IPv4 and IPv6. */
export function listeners(): Listener[] {
  return ["net/tcp", "net/tcp6"].flatMap((file) => parseListeners(readProc(file) ?? ""));
}

/** Pure. */
export function parseListeners(text: string): Listener[] {
  return (
    text
      .split("\n")
      .slice(1)
      // A server may have thousands of connections: only the lines of listening sockets are taken apart.
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
