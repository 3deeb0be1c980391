// Describes in words where a service may write, what it may read, and what is hidden from it.
import type { Directories } from "../backend/directories.ts";
import { isWithin } from "../base/paths.ts";
import { harmless } from "../base/text.ts";

/** The sentence in which `start` says where the service can write. */
export function openSentence(name: string, { writable, hidden }: Directories, home: string): string {
  const everything = writable.some(({ path, own }) => path === "/" && !own);
  if (everything) return `${name} can write wherever its user can`;
  const machines = writable.filter(({ own }) => !own).map(({ path }) => inHome(path, home));
  const own = writable.filter((one) => one.own).map(({ path }) => inHome(path, home));
  const places = [...(machines.length === 0 ? [] : [machines.join(", ")]), ...(own.length === 0 ? [] : [`its own ${own.join(", ")}`])];
  const rest = hidden.includes(home) ? "; the rest of your home directory is closed to it" : "";
  return `${name} can write in ${places.join(", and in ")}${rest}`;
}

/** The rows of `describe`: a label and a line. Only the first row of a group has its label. */
export function directoryRows({ writable, readable, hidden }: Directories, home: string): [string, string][] {
  const isAll = ({ path, own }: Directories["writable"][number]) => path === "/" && !own;
  const writes = writable.map((one) => (isAll(one) ? "wherever its user may" : `${inHome(one.path, home)}${one.own ? " (its own)" : ""}`));
  const reads = readable.map((path) => (path === "/" ? "the system" : inHome(path, home)));
  const closed = hidden.map((path) => (path === home ? "the rest of ~" : inHome(path, home)));
  const rows = [
    ["writable", writes],
    ["readable", reads],
    ["hidden", closed],
  ] as const;
  return rows.flatMap(([label, lines]) => lines.map((line, i): [string, string] => [i === 0 ? label : "", line]));
}

/** Abbreviates the home directory to `~`, as a shell does. */
function inHome(path: string, home: string): string {
  return harmless(home !== "/" && isWithin(path, home) ? `~${path.slice(home.length)}` : path);
}
