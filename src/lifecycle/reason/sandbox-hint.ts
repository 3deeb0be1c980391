// Decides whether the sandbox caused an error of a program, and which option would open just what it needs. Pure: `host` answers
// all questions about the host.
import { dirname, isAbsolute, join, resolve } from "node:path";
import { isWithin } from "../../base/paths.ts";
import { shellWord } from "../../base/text.ts";
import { isHomeOrAbove } from "../../service/root.ts";
import type { Spec } from "../../service/spec.ts";
import type { Denial } from "./denial.ts";

/** The directories that the sandbox opens and hides; links in the paths are resolved. */
export type SandboxPaths = { writable: { path: string; own: boolean }[]; readable: string[]; hidden: string[] };

/** The host as the user sees it outside of every sandbox. */
export type HostView = {
  home: string;
  opened: SandboxPaths;
  /** True if the sandbox of this backend denies user namespaces. */
  deniesNamespaces: boolean;
  /** Resolves links in the part of the path that exists; the rest is appended unchanged. */
  real(path: string): string;
  exists(path: string): boolean;
  mayRead(path: string): boolean;
  mayWrite(path: string): boolean;
  isFolder(path: string): boolean;
  /** The directory that holds a command of the user and the files that it needs, links resolved; null if there is none. */
  find(command: string): string | null;
};

export type SandboxHint = {
  /** A sentence without a full stop: `the sandbox hides ~/.config/x`. */
  what: string;
  /** What to type after `bs9 start NAME`; null if no option opens the path. */
  option: string | null;
  /** What the user can do if no option of `start` helps; empty if an option helps. */
  advice: string;
};

type Zone = "writable" | "readable" | "hidden" | "private" | "system";

/**
 * The hint for the latest of `denials` that the sandbox caused; null if the sandbox caused none of them. `denials` begins with
 * the latest.
 */
export function sandboxHint(spec: Pick<Spec, "cwd" | "sandbox">, denials: Denial[], host: HostView): SandboxHint | null {
  if (spec.sandbox.profile === "off") return null;
  for (const denial of denials) {
    const hint = hintOn(denial, spec, host);
    if (hint !== null) return hint.option === null ? hint : { ...hint, option: withGiven(hint.option, spec, host) };
  }
  return null;
}

/** An option replaces all its earlier values, so the hint has to repeat those too. */
function withGiven(option: string, { sandbox }: Pick<Spec, "sandbox">, { home }: HostView): string {
  const [name = ""] = option.split(" ");
  const before = name === "--readable" ? sandbox.readable : name === "--writable" ? sandbox.writable : [];
  return [...before.map((path) => `${name} ${tilde(path, home)}`), option].join(" ");
}

function hintOn(denial: Denial, spec: Pick<Spec, "cwd">, host: HostView): SandboxHint | null {
  if (denial.kind === "namespace") return host.deniesNamespaces ? onNamespaces : null;
  if (denial.kind === "command") return onCommand(denial.subject, host);
  const path = absolute(denial.subject, spec.cwd, host.home);
  if (path === null) return null;
  const hint = denial.errno === "ENOENT" ? onAbsent(denial, path, host) : onDenied(denial, path, host);
  // If Landlock forbids executing a command that PATH finds, the shell names only the command, without its path.
  return hint ?? (denial.errno === "EACCES" && !denial.subject.includes("/") ? onCommand(denial.subject, host) : null);
}

const onNamespaces: SandboxHint = {
  what: "the sandbox denies user namespaces",
  option: "--sandbox off",
  advice: "",
};

/** The program found no file (ENOENT). The sandbox is the cause if the file exists outside, or could be created there. */
function onAbsent(denial: Denial, path: string, host: HostView): SandboxHint | null {
  const real = host.real(path);
  const zone = zoneOf(real, host);
  if (zone !== "hidden" && zone !== "private") return null;
  if (host.exists(real))
    return denial.isWrite && host.mayWrite(real) ? opens("--writable", real, zone, host) : opens("--readable", real, zone, host);
  // The file does not exist outside either, but the program may have wanted to create it, and the directory would allow that.
  const folder = dirname(real);
  const isAllowed = zone === "hidden" && host.exists(folder) && host.mayWrite(folder);
  return isAllowed && (denial.isWrite || folder !== host.home) ? writes(folder, zone, host) : null;
}

/** The program was refused access. The sandbox is the cause if the user is allowed to do the same outside. */
function onDenied(denial: Denial, path: string, host: HostView): SandboxHint | null {
  const real = host.real(path);
  const zone = zoneOf(real, host);
  if (zone === "writable" || zone === "private") return null;
  // System directories and directories of --readable can be read, so only a write can have been refused there.
  const isWrite = denial.isWrite || zone === "system" || zone === "readable" || !host.exists(real);
  if (isWrite) {
    const target = host.exists(real) ? real : nearest(real, host);
    return host.mayWrite(target) ? writes(target, zone, host) : null;
  }
  return host.mayRead(real) ? opens("--readable", real, zone, host) : null;
}

function onCommand(command: string, host: HostView): SandboxHint | null {
  const folder = host.find(command);
  return folder === null || zoneOf(folder, host) !== "hidden" ? null : opens("--readable", folder, "hidden", host);
}

function opens(option: "--readable" | "--writable", path: string, zone: Zone, host: HostView): SandboxHint {
  const shown = tilde(path, host.home);
  if (isHomeOrAbove(path, host.home)) return { what: `the sandbox hides ${shown}`, option: null, advice: noOption };
  const what = zone === "private" ? `the sandbox gives the service a /tmp of its own, without ${path}` : `the sandbox hides ${shown}`;
  return { what, option: `${option} ${shown}`, advice: "" };
}

function writes(path: string, zone: Zone, host: HostView): SandboxHint {
  const folder = host.isFolder(path) || zone !== "hidden" ? path : dirname(path);
  const shown = tilde(folder, host.home);
  const what = zone === "hidden" ? `the sandbox hides ${shown}` : `the sandbox lets the service read ${shown} and not write to it`;
  if (isHomeOrAbove(folder, host.home)) return { what, option: null, advice: noOption };
  return { what, option: `--writable ${shown}`, advice: "" };
}

const noOption = "the home directory itself cannot be opened: give the file a directory of its own, and open that with --writable";

/** The path itself if it exists, else the nearest directory above it that does. */
function nearest(path: string, host: HostView): string {
  let folder = path;
  while (folder !== "/" && !host.exists(folder)) folder = dirname(folder);
  return folder;
}

/** The zone of a path; the innermost directory that contains it decides. */
function zoneOf(real: string, { opened }: HostView): Zone {
  const rules: { path: string; zone: Zone }[] = [
    ...opened.hidden.map((path) => ({ path, zone: "hidden" as const })),
    ...opened.readable.map((path) => ({ path, zone: path === "/" ? ("system" as const) : ("readable" as const) })),
    ...opened.writable.map(({ path, own }) => ({ path, zone: own ? ("private" as const) : ("writable" as const) })),
  ];
  const within = rules.filter(({ path }) => isWithin(real, path)).toSorted((a, b) => a.path.length - b.path.length);
  return within.at(-1)?.zone ?? "system";
}

function absolute(subject: string, cwd: string, home: string): string | null {
  if (subject.includes("\0")) return null;
  if (subject === "~" || subject.startsWith("~/")) return join(home, subject.slice(1));
  return isAbsolute(subject) ? resolve(subject) : resolve(cwd, subject);
}

/** The path as typed in a shell; with `~` only if nothing has to be quoted. */
function tilde(path: string, home: string): string {
  const quoted = shellWord(path);
  if (quoted !== path || home === "/") return quoted;
  return path === home ? "~" : isWithin(path, home) ? `~${path.slice(home.length)}` : path;
}
