// Landlock (landlock(7)): what a program may do to files, kept by the kernel for it and all that it starts.
import { ptr as addressOf, dlopen, FFIType } from "bun:ffi";
import { closeSync, fstatSync, openSync } from "node:fs";
import { errnoOf } from "../base/errors.ts";
import { O_PATH, openAsNamed } from "./named.ts";

const { i64, u64 } = FFIType;
const { symbols } = dlopen("libc.so.6", { syscall: { args: [i64, u64, u64, u64, u64], returns: i64 } });

const SYS = { createRuleset: 444, addRule: 445, restrictSelf: 446 };
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const LANDLOCK_RULE_PATH_BENEATH = 1;
const LANDLOCK_SCOPE_SIGNAL = 2n;

// The rights by the version that brought them: 13 with the first, then REFER, TRUNCATE, and IOCTL_DEV with the fifth.
const rightsOf = (version: number): bigint => (1n << BigInt(version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13)) - 1n;
const EXECUTE = 1n << 0n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const reading = EXECUTE | READ_FILE | READ_DIR;
/** Those that a rule on a file, and not on a folder, may name: execute, write, read, truncate, ioctl. */
const ofFiles = EXECUTE | (1n << 1n) | READ_FILE | (1n << 14n) | (1n << 15n);

/**
 * `listable`: the names of what is in it and below, and nothing more. `system`: read, too, and links on the way are followed.
 * `leads`: where those of the other paths have to lead that are links themselves.
 */
export type Rules = { readable: string[]; writable: string[]; listable: string[]; system: string[]; leads: Record<string, string> };

/** The version of Landlock in this kernel, 0 where there is none. */
export function landlockVersion(): number {
  return Math.max(0, Number(symbols.syscall(SYS.createRuleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0)));
}

/**
 * Shuts this thread and all that it executes into the rules; NoNewPrivs has to be set. From the sixth version on it may send
 * signals only to what is shut in with it. Paths that are not there are left out. Throws where the kernel
 * does not take it, and `Replaced` where a path leads to another place than its name says.
 */
export function restrict({ readable, writable, listable, system, leads }: Rules): void {
  const version = landlockVersion();
  const handled = rightsOf(version);
  const attributes = new BigUint64Array([handled, 0n, version >= 6 ? LANDLOCK_SCOPE_SIGNAL : 0n]);
  const size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const ruleset = Number(symbols.syscall(SYS.createRuleset, addressOf(attributes), size, 0, 0));
  if (ruleset < 0) throw new Error("this kernel has no Landlock");
  const named = (path: string) => () => openAsNamed(path, leads[path] ?? path);
  for (const path of system) allow(ruleset, path, reading & handled, () => openSync(path, O_PATH));
  for (const path of readable) allow(ruleset, path, reading & handled, named(path));
  for (const path of writable) allow(ruleset, path, handled, named(path));
  for (const path of listable) allow(ruleset, path, READ_DIR, named(path));
  if (Number(symbols.syscall(SYS.restrictSelf, ruleset, 0, 0, 0)) !== 0) throw new Error("Landlock refuses to shut it in");
  closeSync(ruleset);
}

/** The rule is on the file that was opened, whatever stands under its name by then. */
function allow(ruleset: number, path: string, rights: bigint, open: () => number): void {
  let fd: number;
  try {
    fd = open();
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return;
    throw error;
  }
  const isFolder = fstatSync(fd).isDirectory();
  // struct landlock_path_beneath_attr is packed: rights, then the descriptor.
  const rule = new DataView(new ArrayBuffer(12));
  rule.setBigUint64(0, isFolder ? rights : rights & ofFiles, true);
  rule.setInt32(8, fd, true);
  const outcome = Number(symbols.syscall(SYS.addRule, ruleset, LANDLOCK_RULE_PATH_BENEATH, addressOf(new Uint8Array(rule.buffer)), 0));
  closeSync(fd);
  if (outcome !== 0) throw new Error(`Landlock takes no rule for ${path}`);
}

const absent = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP"]);
