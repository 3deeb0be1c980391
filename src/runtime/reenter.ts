// The pinned copy of bs9 is a runtime and nothing else: started without BUN_BE_BUN, as by `fork`, it becomes Bun.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Bun's own subcommands; any other first word is a script or an option in front of one. */
const subcommands = new Set([
  "run",
  "test",
  "x",
  "repl",
  "exec",
  "install",
  "i",
  "add",
  "a",
  "remove",
  "rm",
  "update",
  "audit",
  "outdated",
  "link",
  "unlink",
  "publish",
  "patch",
  "pm",
  "info",
  "build",
  "init",
  "create",
  "upgrade",
]);

/** Replaces this process where it is a pinned runtime (execve(2)); returns where it is the command line. */
export function actAsRuntime(): void {
  const folder = dirname(process.execPath);
  const preload = join(folder, "preload.js");
  if (basename(process.execPath) !== "bs9" || basename(dirname(folder)) !== "runtime" || !existsSync(preload)) return;
  const words = process.argv.slice(2);
  const first = words[0];
  const env: Record<string, string> = { BUN_BE_BUN: "1" };
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined && name !== "BUN_OPTIONS") env[name] = value;
  const preloaded = first === undefined || subcommands.has(first) ? words : [`--preload=${preload}`, ...words];
  process.execve?.(process.execPath, [process.execPath, ...preloaded], env);
}
