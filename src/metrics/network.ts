// What the host has received from and sent to the network: of its interfaces those that lead out of it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HostReading } from "./sample.ts";

/** `outward` names the interfaces that were counted: sums over others cannot be compared with these. */
export type Traffic = Pick<HostReading, "netReceivedBytes" | "netSentBytes"> & { outward: string };
type Interface = { name: string; received: number; sent: number };

/** Reads the text of /proc/net/dev. */
export function networkReader(classFolder: string): (text: string) => Traffic {
  let known: string | null = null;
  let outward = new Set<string>();
  return (text) => {
    const found = interfacesIn(text);
    const names = found.map(({ name }) => name).join(" ");
    if (names !== known) outward = outwardOf(found, classFolder);
    known = names;
    const counted = found.filter(({ name }) => outward.has(name));
    const sum = (of: "received" | "sent") => (counted.length === 0 ? null : counted.reduce((total, one) => total + one[of], 0));
    return { netReceivedBytes: sum("received"), netSentBytes: sum("sent"), outward: [...outward].sort().join(" ") };
  };
}

/** Columns 1 and 9 of proc_net_dev: bytes that were received and sent. A list that changes while it is read may repeat a line. */
function interfacesIn(text: string): Interface[] {
  const lines = text.matchAll(/^ *(\S+): *(\d+)(?: +\d+){7} +(\d+) /gm);
  const byName = Array.from(lines, ([, name = "", received, sent]): [string, Interface] => [
    name,
    { name, received: Number(received), sent: Number(sent) },
  ]);
  return [...new Map(byName).values()];
}

/**
 * Bridges, tunnels and the ends of containers carry what goes through a device once more: those of a device alone count, or,
 * in a container that has none, all but the loopback interface.
 */
function outwardOf(found: readonly Interface[], classFolder: string): Set<string> {
  const names = found.map(({ name }) => name).filter((name) => name !== "lo");
  const ofDevices = names.filter((name) => existsSync(join(classFolder, name, "device")));
  return new Set(ofDevices.length > 0 ? ofDevices : names);
}
