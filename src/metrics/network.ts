// What the host has received from and sent to the network: of its interfaces those that lead out of it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HostReading } from "./sample.ts";

type Traffic = Pick<HostReading, "netReceivedBytes" | "netSentBytes">;
type Interface = { name: string; received: number; sent: number };

/** Reads the text of /proc/net/dev. Where interfaces come or go, the sums say nothing for a moment. */
export function networkReader(classFolder: string): (text: string) => Traffic {
  let known: string | null = null;
  let outward = new Set<string>();
  return (text) => {
    const found = interfacesIn(text);
    const names = found.map(({ name }) => name).join(" ");
    const isSame = names === known;
    known = names;
    if (!isSame) outward = outwardOf(found, classFolder);
    if (!isSame || outward.size === 0) return { netReceivedBytes: null, netSentBytes: null };
    const counted = found.filter(({ name }) => outward.has(name));
    return {
      netReceivedBytes: counted.reduce((sum, { received }) => sum + received, 0),
      netSentBytes: counted.reduce((sum, { sent }) => sum + sent, 0),
    };
  };
}

/** Columns 1 and 9 of proc_net_dev: bytes that were received and sent. */
function interfacesIn(text: string): Interface[] {
  return Array.from(text.matchAll(/^ *(\S+): *(\d+)(?: +\d+){7} +(\d+) /gm), ([, name = "", received, sent]) => ({
    name,
    received: Number(received),
    sent: Number(sent),
  }));
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
