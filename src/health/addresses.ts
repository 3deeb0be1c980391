// Finds addresses other than 127.0.0.1 with a listener on a port: a service may have chosen ::1, or one address of the machine.
import { endianness } from "node:os";
import { type Listener, listeners } from "../base/listeners.ts";

/** More addresses give no new information, and each takes time. */
const most = 4;
/** The table is read once for all services, because a thousand starting services are probed every second. */
const freshMs = 500;

let known: { atMs: number; all: Listener[] } = { atMs: Number.NEGATIVE_INFINITY, all: [] };

/** The sockets that the service's own processes hold; null where that is unknown. */
export type HeldAmong = (sockets: Listener[]) => Listener[] | null;

/** The hosts as written in a URL. Where the listeners are known, only those of the service itself. */
export function otherHosts(port: number, heldAmong: HeldAmong): string[] {
  if (performance.now() - known.atMs > freshMs) known = { atMs: performance.now(), all: listeners() };
  const there = known.all.filter((one) => one.port === port);
  const own = heldAmong(there);
  const hosts = (own ?? there).map(({ address }) => hostOf(address));
  // Without known listeners [::1] is tried as well, because the table may be older than the listener.
  return [...new Set(own === null ? ["[::1]", ...hosts] : hosts)].filter((host) => host !== "127.0.0.1").slice(0, most);
}

/** A socket that listens on all addresses is reached through loopback. Pure. */
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
