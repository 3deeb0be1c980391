// Landlock (landlock(7)): restricts what a program and everything it starts can do to files, enforced by the kernel.
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";
import { closeSync, fstatSync, openSync } from "node:fs";
import {
  attributeBytes,
  fileRights,
  LANDLOCK_CREATE_RULESET_VERSION,
  LANDLOCK_RULE_PATH_BENEATH,
  landlockCalls,
  listingRights,
  readingRights,
  rightsOf,
  rulesetAttributes,
  scopes,
  socketRights,
} from "../backend/landlock.ts";
import { errnoOf } from "../base/errors.ts";
import { O_PATH, openAsNamed } from "./named.ts";

const { i64, u64 } = FFIType;
const { symbols } = dlopen("libc.so.6", { syscall: { args: [i64, u64, u64, u64, u64], returns: i64 } });

/** The version of Landlock in this kernel, 0 where there is none. */
export function landlockVersion(): number {
  return Math.max(0, Number(symbols.syscall(landlockCalls.createRuleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0)));
}

/**
 * `listable`: directories in which only file names can be read. `sockets`: directories in which only sockets can be made. `system`: directories that are readable, and whose paths are
 * opened through symbolic links. `leads`: for the other paths that are symbolic links, the target that each must have.
 */
export type Rules = Record<"readable" | "writable" | "listable" | "sockets" | "system", string[]> & { leads: Record<string, string> };

/**
 * Restricts this thread and everything it executes to these rules; NoNewPrivs must be set before. From version 6 on, signals
 * and connections to abstract sockets are also confined to the sandbox. Paths that do not exist are left out. Throws where the
 * kernel refuses, and `Replaced` where a path leads to another place than its name says.
 */
export function restrict({ readable, writable, listable, sockets, system, leads }: Rules): void {
  const version = landlockVersion();
  const handled = rightsOf(version);
  const attributes = rulesetAttributes(version, handled, scopes);
  const ruleset = Number(symbols.syscall(landlockCalls.createRuleset, addressOf(attributes), attributeBytes(version), 0, 0));
  if (ruleset < 0) throw new Error("this kernel has no Landlock");
  const named = (path: string) => () => openAsNamed(path, leads[path] ?? path);
  for (const path of system) allow(ruleset, path, readingRights & handled, () => openSync(path, O_PATH));
  for (const path of readable) allow(ruleset, path, readingRights & handled, named(path));
  for (const path of writable) allow(ruleset, path, handled, named(path));
  for (const path of listable) allow(ruleset, path, listingRights, named(path));
  for (const path of sockets) allow(ruleset, path, socketRights, named(path));
  if (Number(symbols.syscall(landlockCalls.restrictSelf, ruleset, 0, 0, 0)) !== 0)
    throw new Error("the kernel refused the Landlock ruleset");
  closeSync(ruleset);
}

/** The rule applies to the file that was opened, even if another file has its name by now. */
function allow(ruleset: number, path: string, rights: bigint, open: () => number): void {
  let fd: number;
  try {
    fd = open();
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return;
    throw error;
  }
  const isFolder = fstatSync(fd).isDirectory();
  // struct landlock_path_beneath_attr is packed: the access rights, then the descriptor.
  const rule = new DataView(new ArrayBuffer(12));
  rule.setBigUint64(0, isFolder ? rights : rights & fileRights, true);
  rule.setInt32(8, fd, true);
  const outcome = Number(
    symbols.syscall(landlockCalls.addRule, ruleset, LANDLOCK_RULE_PATH_BENEATH, addressOf(new Uint8Array(rule.buffer)), 0),
  );
  closeSync(fd);
  if (outcome !== 0) throw new Error(`the kernel refused the Landlock rule for ${path}`);
}

const absent = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP"]);
