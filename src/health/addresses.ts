// Where else than on 127.0.0.1 somebody listens on a port: a service may have chosen ::1, or one address of the machine.
import { endianness } from "node:os";
import { type Listener, listeners } from "../base/listeners.ts";

/** More of them say nothing new, and each takes time. */
const most = 4;
/** A thousand services that are just coming up are asked each second: the table is read once for all. */
const freshMs = 500;

let known: { atMs: number; all: Listener[] } = { atMs: Number.NEGATIVE_INFINITY, all: [] };

/** Those of the sockets that the service's own processes hold; null where nobody can tell. */
export type HeldAmong = (sockets: Listener[]) => Listener[] | null;

/** As they are written in a URL. Where it is known who listens, only those on which the service itself does. */
export function otherHosts(port: number, heldAmong: HeldAmong): string[] {
  if (performance.now() - known.atMs > freshMs) known = { atMs: performance.now(), all: listeners() };
  const there = known.all.filter((one) => one.port === port);
  const own = heldAmong(there);
  const hosts = (own ?? there).map(({ address }) => hostOf(address));
  // Else asked without the table, too: it may be older than the listener.
  return [...new Set(own === null ? ["[::1]", ...hosts] : hosts)].filter((host) => host !== "127.0.0.1").slice(0, most);
}

/** One that stands for all addresses is reached on loopback. Pure. */
export function hostOf(address: string): string {
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => bytesOf(word));
  if (bytes.length === 4) return bytes.every((byte) => byte === 0) ? "127.0.0.1" : bytes.join(".");
  const isLoopback = bytes.every((byte, i) => byte === 0 || (i === 15 && byte === 1));
  const groups = Array.from({ length: 8 }, (_, i) => (256 * (bytes[2 * i] ?? 0) + (bytes[2 * i + 1] ?? 0)).toString(16));
  return isLoopback ? "[::1]" : `[${groups.join(":")}]`;
}

function bytesOf(word: string): number[] {
  const bytes = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return endianness() === "LE" ? bytes.toReversed() : bytes;
}
