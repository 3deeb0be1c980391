// Finds the ports on which services listen. Searching the processes of a service is expensive, so this is done only when a new
// socket listens or the service has a new main process.
import { heldBy, type Listener, listeners } from "../../backend/sockets.ts";
import { pidsOf } from "../../metrics/group.ts";
import { type Known, runOf } from "./services.ts";

type Held = { run: string; inodes: Set<string> };

export class Ports {
  readonly #held = new Map<string, Held>();
  /** The inodes of the sockets that listened at the last call. */
  #known = new Set<string>();

  /** The listening ports of each service, lowest first; null where its processes are unknown. */
  now(services: Iterable<Known>): Map<string, number[] | null> {
    const uid = process.getuid?.();
    const all = listeners();
    const isNew = all.some((one) => one.uid === uid && !this.#known.has(one.inode));
    this.#known = new Set(all.map(({ inode }) => inode));
    const ports = new Map(all.map(({ inode, port }) => [inode, port]));
    const result = new Map<string, number[] | null>();
    for (const known of services) {
      const { group, name } = known.reading;
      result.set(name, group === null ? null : this.#of(known, all, ports, isNew));
    }
    for (const name of this.#held.keys()) if (!result.has(name)) this.#held.delete(name);
    return result;
  }

  #of(known: Known, all: Listener[], ports: Map<string, number>, isNew: boolean): number[] {
    const run = runOf(known) ?? "";
    const before = this.#held.get(known.reading.name);
    let held = before?.run === run && !isNew ? before : null;
    if (held === null) {
      held = { run, inodes: new Set(heldBy(pidsOf(known.reading.group), all).map(({ inode }) => inode)) };
      this.#held.set(known.reading.name, held);
    }
    return [...held.inodes].flatMap((inode) => ports.get(inode) ?? []).sort((a, b) => a - b);
  }
}
