// Finds the packages that a project uses from outside: node_modules of parent directories, and the targets of links.
import { type Dirent, existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../base/paths.ts";
import { isHomeOrAbove } from "../service/root.ts";

/** The maximum number of linked packages that are followed. */
const maxLinks = 2000;

/**
 * Returns the packages that a project uses through links, and the paths of the links that lead to them (workspaces, `npm
 * link`). `narrowed`: the project itself is not opened.
 */
export function linkedPackages(root: string, entryFolder: string, narrowed: boolean, home: string): string[] {
  const outside = new Set<string>();
  const seen = new Set<string>();
  const queue = narrowed ? [entryFolder] : [root, entryFolder];
  for (let folder = queue.shift(); folder !== undefined && outside.size < maxLinks; folder = queue.shift()) {
    for (let at = folder; at !== dirname(at) && !seen.has(at); at = dirname(at)) {
      seen.add(at);
      const modules = join(at, "node_modules");
      if (!isFolder(modules)) continue;
      const real = realpathSync(modules);
      // The app may have replaced node_modules by a link; it is followed only to another directory of the same name.
      if ((!isWithin(real, root) && basename(real) === "node_modules") || narrowed) outside.add(real);
      for (const { target, links } of linksIn(modules)) {
        if (isHomeOrAbove(target, home) || (isWithin(target, root) && !narrowed) || outside.has(target)) continue;
        // The app can make links itself. A link is followed only to a package, because the app cannot create one where it has
        // no access.
        if (!existsSync(join(target, "package.json"))) continue;
        for (const link of links) if (narrowed || !isWithin(link, root)) outside.add(link);
        outside.add(target);
        queue.push(target);
      }
    }
  }
  return [...outside];
}

type Link = { target: string; links: string[] };

/** The targets of the links among the packages, and the places of the links on the way. */
function linksIn(modules: string): Link[] {
  const found: Link[] = [];
  const visit = (folder: string) => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith("@") && entry.isDirectory()) visit(path);
      else if (entry.isSymbolicLink() && existsSync(path)) found.push({ target: realpathSync(path), links: linksAfter(path) });
    }
  };
  visit(modules);
  return found;
}

/** `bun link` and `yarn link` lead to a link among the global packages; the places of such links must be open too. */
function linksAfter(path: string): string[] {
  const next = resolve(realpathSync(dirname(path)), readlinkSync(path));
  const link = join(realpathSync(dirname(next)), basename(next));
  if (!lstatSync(link).isSymbolicLink()) return [];
  const folder = dirname(link);
  const place = basename(folder) === "node_modules" || basename(folder).startsWith("@") ? folder : link;
  return [place, ...linksAfter(link)];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // The directory does not exist, is a circular link, or is not accessible.
    return false;
  }
}

/** The app may have removed the read permission of its own directory. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
