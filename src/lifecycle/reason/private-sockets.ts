// Finds Unix sockets of a service in directories that only the service sees, such as its private /tmp.
import type { Directories } from "../../backend/directories.ts";
import type { Notice } from "../../backend/notice.ts";
import { unixSocketsOf } from "../../backend/unix-sockets.ts";
import { isWithin } from "../../base/paths.ts";
import { harmless } from "../../base/text.ts";
import { pidsOf } from "../../metrics/group.ts";
import type { Deps } from "../deps.ts";

/** A notice for each such socket; empty if there is none, or if that cannot be found out. */
export async function privateSockets(name: string, { backend, registry }: Pick<Deps, "backend" | "registry">): Promise<Notice[]> {
  const [spec] = registry.readable([name]).specs;
  if (spec === undefined || spec.sandbox.profile === "off") return [];
  const [reading] = await backend.read([name]);
  const sockets = reading?.group == null ? [] : unixSocketsOf(pidsOf(reading.group));
  if (sockets.length === 0) return [];
  const directories = await backend.directories(spec).catch(() => null);
  return directories === null ? [] : hiddenSockets(name, sockets, directories);
}

/** A notice for each socket in a directory of `writable` that is the service's own. Pure. */
export function hiddenSockets(name: string, sockets: string[], { writable }: Pick<Directories, "writable">): Notice[] {
  return sockets.flatMap((path) => {
    const folder = writable.filter((one) => isWithin(path, one.path)).toSorted((a, b) => b.path.length - a.path.length)[0];
    if (folder?.own !== true) return [];
    const what = `${name} listens on ${harmless(path)}, but its ${folder.path} is private: no other program can find the socket`;
    return [
      {
        kind: "socket-hidden",
        subject: name,
        what,
        fix: "Bind the socket in the project directory, or in a directory that --writable opens",
      },
    ];
  });
}
