// Links on the way to a path, among them those that a service itself may have made.
import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** As many as the kernel follows, path_resolution(7). */
const maxLinks = 40;

/**
 * The first link on the way to a path that lies in a place of that kind, null where there is none.
 * Also the way that a link leads on is gone, link by link: what is trusted may lead to what is not.
 */
export function linkOnTheWay(path: string, isMeant: (place: string) => boolean): string | null {
  const words = (text: string) => text.split("/").filter((word) => word !== "" && word !== ".");
  const rest = words(path);
  let at = "/";
  let links = 0;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const place = word === ".." ? dirname(at) : join(at, word);
    if (word === ".." || lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) {
      at = place;
      continue;
    }
    if (isMeant(place) || ++links > maxLinks) return place;
    const target = readlinkSync(place);
    if (target.startsWith("/")) at = "/";
    rest.unshift(...words(target));
  }
  return null;
}
