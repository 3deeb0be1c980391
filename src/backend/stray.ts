// Where a path leads, the links on the way, and which of them a service could have put there.
import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, failed } from "../base/errors.ts";
import { isWithin } from "../base/paths.ts";

/** As many as the kernel follows, path_resolution(7). */
const maxLinks = 40;

/** `links`: the places of the links on the way, in the order in which they are met. */
export type Walked = { real: string; links: string[] };

/** A folder that another service may write. */
export type Neighbour = { name: string; folder: string };

/**
 * Resolves a path as realpath(3) does, and throws what lstat(2) does. Path and links come from one walk: a service that
 * swaps a link for a folder and back between two looks would show an innocent way and another end.
 */
export function walked(path: string): Walked {
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

/** Null for what is not a link. */
function targetOf(place: string): string | null {
  if (!lstatSync(place).isSymbolicLink()) return null;
  try {
    return readlinkSync(place);
  } catch (error) {
    // It has been replaced since.
    if (errnoOf(error) === "EINVAL") return null;
    throw error;
  }
}

export type Stray = { link: string; real: string; maker: string };

/**
 * The first link on the way that the service itself or one of its neighbours could have made, and that leads out of what
 * its maker may write; null where there is none. A link that stays in there opens nothing to the maker.
 */
export function strayOf({ real, links }: Walked, writable: string[], neighbours: Neighbour[]): Stray | null {
  for (const link of links) {
    if (writable.some((folder) => isWithin(link, folder) && !isWithin(real, folder))) return { link, real, maker: "the service" };
    const neighbour = neighbours.find(({ folder }) => isWithin(link, folder) && !isWithin(real, folder));
    if (neighbour !== undefined) return { link, real, maker: `the service ${neighbour.name}` };
  }
  return null;
}
