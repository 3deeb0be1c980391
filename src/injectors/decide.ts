// Decides how the preload gets into the processes of a service. Pure, except for the first bytes of the entry that it is given.
import { basename } from "node:path";
import type { Inject, Spec } from "../service/spec.ts";
import { isPackageRunner } from "./preload/runner.ts";

const nodes = new Set(["node", "nodejs"]);
/** Shells run a script, which may execute Node. */
const shells = new Set(["sh", "bash", "dash", "zsh", "ash", "ksh"]);

export type InjectGround = {
  /** The first bytes of the entry; null where they cannot be read. */
  head: string | null;
  /** The version of the Node that would run, such as `v20.11.0`; null where it is unknown. */
  node: string | null;
  /** The version of this bs9. */
  version: string;
  metricsOnPort: boolean;
};

/** True where the answer depends on which Node there is. */
export function needsNode({ entry, runtime }: Pick<Spec, "entry" | "runtime">, head: string | null): boolean {
  return runtime.kind === "node" || (runtime.kind === "none" && runsNode(entry.path, head));
}

export function injectFor(spec: Pick<Spec, "entry" | "runtime">, { head, node, version, metricsOnPort }: InjectGround): Inject {
  const more = { version, ...(metricsOnPort ? { metricsOnPort } : {}) };
  const { kind } = spec.runtime;
  if (kind === "bs9" || kind === "bun") return { by: "preload", ...more };
  if (!needsNode(spec, head)) return { by: "none", why: "program" };
  if (node === null || !takesPreload(node)) return { by: "none", why: "node" };
  return { by: kind === "node" ? "require" : "NODE_OPTIONS", ...more };
}

/** An executable text without a `#!` line is run by a shell (execve(2), ENOEXEC). */
function runsNode(path: string, head: string | null): boolean {
  const name = basename(path);
  if (mayRunNode(name)) return true;
  if (head === null || head === "" || head.includes("\0")) return false;
  const [, interpreter = "", word = ""] = /^#! *(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(head) ?? [];
  if (interpreter === "") return !head.startsWith("#!");
  const program = basename(interpreter) === "env" ? word : basename(interpreter);
  return mayRunNode(program);
}

const mayRunNode = (name: string): boolean => nodes.has(name) || shells.has(name) || isPackageRunner(name);

/** The preload is written for the language and the events of Node 18 and later. */
export function takesPreload(version: string): boolean {
  return Number(/^v(\d+)\.\d+\./.exec(version)?.[1]) >= 18;
}
