// Resolves a path and lists the symbolic links on the way, and finds links that a service could have made.
import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, failed } from "../base/errors.ts";
import { isWithin } from "../base/paths.ts";

/** The number of links that the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/** `links`: the places of the links on the way, in the order in which they are followed. */
export type ResolvedPath = { real: string; links: string[] };

/** A directory that another service can write to. */
export type Neighbour = { name: string; folder: string };

/**
 * Resolves a path as realpath(3) does, and throws the errors of lstat(2). Path and links come from a single walk: with two
 * walks, a service could swap a link for a directory in between, and show a harmless way with another target.
 */
export function walked(path: string): ResolvedPath {
  const words = (text: string) => text.split("/").filter((word) => word !== "" && word !== ".");
  const rest = words(path);
  const links: string[] = [];
  let at = "/";
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const place = word === ".." ? dirname(at) : join(at, word);
    const target = word === ".." ? null : targetOf(place);
    if (target === null) {
      at = place;
      continue;
    }
    if (links.push(place) > maxLinks) throw failed(`cannot follow ${path}: too many symbolic links`);
    if (target.startsWith("/")) at = "/";
    rest.unshift(...words(target));
  }
  return { real: at, links };
}

/** The target of a symbolic link; null for any other file. */
function targetOf(place: string): string | null {
  if (!lstatSync(place).isSymbolicLink()) return null;
  try {
    return readlinkSync(place);
  } catch (error) {
    // The link was replaced after lstat(2).
    if (errnoOf(error) === "EINVAL") return null;
    throw error;
  }
}

export type Stray = { link: string; real: string; maker: string };

/**
 * The first link on the way that the service itself or one of its neighbours could have made, and that leads outside the
 * directories that its maker can write; null where there is none. A link that stays inside gives its maker no additional
 * access.
 */
export function strayOf({ real, links }: ResolvedPath, writable: string[], neighbours: Neighbour[]): Stray | null {
  for (const link of links) {
    if (writable.some((folder) => isWithin(link, folder) && !isWithin(real, folder))) return { link, real, maker: "the service" };
    const neighbour = neighbours.find(({ folder }) => isWithin(link, folder) && !isWithin(real, folder));
    if (neighbour !== undefined) return { link, real, maker: `the service ${neighbour.name}` };
  }
  return null;
}
