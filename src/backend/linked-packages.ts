// The packages that a project uses and does not hold: node_modules of the folders above, and what links lead to.
import { type Dirent, existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../base/paths.ts";
import { isHomeOrAbove } from "../service/root.ts";

/** More linked packages than this are not followed. */
const maxLinks = 2000;

/** Also the places of the links on the way there (workspaces, `npm link`). `narrowed`: the project itself is not open. */
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
      // The app may have put a link in its place: then it has to lead to one of the same name.
      if ((!isWithin(real, root) && basename(real) === "node_modules") || narrowed) outside.add(real);
      for (const { target, links } of linksIn(modules)) {
        if (isHomeOrAbove(target, home) || (isWithin(target, root) && !narrowed) || outside.has(target)) continue;
        // The app may make links itself: only a package is followed, which it cannot make where it does not see.
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

/** Where the links among the packages lead, and the places of the links on the way there. */
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

/** `bun link` and `yarn link` lead to a link among the global packages; with those it is seen as the link it is. */
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
    // It is not there, leads round in a circle, or may not be looked at.
    return false;
  }
}

/** The app may have taken the right to read it from its own folder. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
