// Tells whether the sandbox is what a program ran into, and which option would open just that. Pure: `host` answers for the host.
import { dirname, isAbsolute, join, resolve } from "node:path";
import { isWithin } from "../../base/paths.ts";
import { shellWord } from "../../base/text.ts";
import { isHomeOrAbove } from "../../service/root.ts";
import type { Spec } from "../../service/spec.ts";
import type { Denial } from "./denial.ts";

/** What the sandbox leaves to the service; the paths have no links in them. */
export type SandboxPaths = { writable: { path: string; own: boolean }[]; readable: string[]; hidden: string[] };

/** How the host looks to the user outside of every sandbox. */
export type HostView = {
  home: string;
  opened: SandboxPaths;
  /** True where the sandbox of this backend denies user namespaces. */
  deniesNamespaces: boolean;
  /** Links resolved as far as the path is there; the rest is added as it is. */
  real(path: string): string;
  exists(path: string): boolean;
  mayRead(path: string): boolean;
  mayWrite(path: string): boolean;
  isFolder(path: string): boolean;
  /** The directory with a command that the user can run and with what belongs to it, links resolved; null where there is none. */
  find(command: string): string | null;
};

export type SandboxHint = {
  /** A sentence without an end: `the sandbox hides ~/.config/x`. */
  what: string;
  /** What to type after `bs9 start NAME`; null where no option opens it. */
  option: string | null;
  /** What to do where no option helps; empty where one does. */
  advice: string;
};

type Zone = "writable" | "readable" | "hidden" | "private" | "system";

/** The hint for the denial that is told of last and that the sandbox has caused; null where it has caused none. */
export function sandboxHint(spec: Pick<Spec, "cwd" | "sandbox">, denials: Denial[], host: HostView): SandboxHint | null {
  if (spec.sandbox.profile === "off") return null;
  for (const denial of denials) {
    const hint = hintOn(denial, spec, host);
    if (hint !== null) return hint.option === null ? hint : { ...hint, option: withGiven(hint.option, spec, host) };
  }
  return null;
}

/** An option that is given replaces all values of its name, so that those of before have to be given again. */
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
  // Landlock refuses to execute what PATH finds, and the shell then names the command alone.
  return hint ?? (denial.errno === "EACCES" && !denial.subject.includes("/") ? onCommand(denial.subject, host) : null);
}

const onNamespaces: SandboxHint = {
  what: "the sandbox denies user namespaces",
  option: "--sandbox off",
  advice: "",
};

/** The program saw nothing there. Outside there is something, or a directory to write it into. */
function onAbsent(denial: Denial, path: string, host: HostView): SandboxHint | null {
  const real = host.real(path);
  const zone = zoneOf(real, host);
  if (zone !== "hidden" && zone !== "private") return null;
  if (host.exists(real))
    return denial.isWrite && host.mayWrite(real) ? opens("--writable", real, zone, host) : opens("--readable", real, zone, host);
  // Neither is the file there: the program may have wanted to make it, which the directory would have allowed.
  const folder = dirname(real);
  const isAllowed = zone === "hidden" && host.exists(folder) && host.mayWrite(folder);
  return isAllowed && (denial.isWrite || folder !== host.home) ? writes(folder, zone, host) : null;
}

/** The program saw it and was refused. Outside the user would have been allowed to do it. */
function onDenied(denial: Denial, path: string, host: HostView): SandboxHint | null {
  const real = host.real(path);
  const zone = zoneOf(real, host);
  if (zone === "writable" || zone === "private") return null;
  // The system is there to be read, and so is what was opened for that: only a write can have been refused.
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

/** The path itself or the nearest directory above it that is there. */
function nearest(path: string, host: HostView): string {
  let folder = path;
  while (folder !== "/" && !host.exists(folder)) folder = dirname(folder);
  return folder;
}

/** The innermost directory that the path lies in decides. */
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

/** As one would type it in a shell; `~` only where nothing has to be quoted. */
function tilde(path: string, home: string): string {
  const quoted = shellWord(path);
  if (quoted !== path || home === "/") return quoted;
  return path === home ? "~" : isWithin(path, home) ? `~${path.slice(home.length)}` : path;
}
