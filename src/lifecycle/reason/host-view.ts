// The files of the host as the user sees them outside of the sandbox of a service.
import { accessSync, constants, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { programFolder } from "../../backend/opening.ts";
import { findCommand } from "../../service/entry.ts";
import type { Spec } from "../../service/spec.ts";
import type { Deps } from "../deps.ts";
import type { HostView } from "./sandbox-hint.ts";

/**
 * The files of the host as needed to explain errors of a service; null if the directories open to it are unknown, because its
 * next start would be refused.
 */
export async function hostViewOf(spec: Spec, { backend, home }: Pick<Deps, "backend" | "home">): Promise<HostView | null> {
  const opened = await backend.directories(spec).catch(() => null);
  if (opened === null) return null;
  return {
    home,
    opened,
    deniesNamespaces: backend.kind === "systemd",
    real,
    exists: (path) => holds(() => lstatSync(path)),
    mayRead: (path) => holds(() => accessSync(path, constants.R_OK)),
    mayWrite: (path) => holds(() => accessSync(path, constants.W_OK)),
    isFolder: (path) => holds(() => statSync(path).isDirectory()),
    find(command) {
      const found = findCommand(command, spec.path);
      return found === null ? null : programFolder(real(found), home);
    },
  };
}

/** False for a path that cannot be examined: the path comes from the output of a program, and may be anything. */
function holds(look: () => unknown): boolean {
  try {
    return look() !== false;
  } catch {
    return false;
  }
}

/** realpath(3) of the part of the path that exists; the rest is appended unchanged. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === "/" ? path : join(real(dirname(path)), basename(path));
  }
}
