// Counts the bytes that the host received from and sent to the network, on the interfaces that lead out of the host.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HostReading } from "./sample.ts";

/** `outward` lists the counted interfaces, because sums over different interfaces cannot be compared. */
export type Traffic = Pick<HostReading, "netReceivedBytes" | "netSentBytes"> & { outward: string };
type Interface = { name: string; received: number; sent: number };

/** Returns a function that reads the text of /proc/net/dev. */
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

/**
 * Columns 1 and 9 of /proc/net/dev: bytes received and sent. The kernel may repeat a line if the list changes while it is read.
 */
function interfacesIn(text: string): Interface[] {
  const lines = text.matchAll(/^ *(\S+): *(\d+)(?: +\d+){7} +(\d+) /gm);
  const byName = Array.from(lines, ([, name = "", received, sent]): [string, Interface] => [
    name,
    { name, received: Number(received), sent: Number(sent) },
  ]);
  return [...new Map(byName).values()];
}

/**
 * The interfaces that belong to a device, because bridges, tunnels and veth pairs count the same traffic again. A container has
 * no such interface: there, all interfaces but loopback count.
 */
function outwardOf(found: readonly Interface[], classFolder: string): Set<string> {
  const names = found.map(({ name }) => name).filter((name) => name !== "lo");
  const ofDevices = names.filter((name) => existsSync(join(classFolder, name, "device")));
  return new Set(ofDevices.length > 0 ? ofDevices : names);
}
