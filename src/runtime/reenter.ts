// The pinned copy of bs9 is a runtime and nothing else: started without BUN_BE_BUN, as by `fork`, it becomes Bun.
import { existsSync, readFileSync } from "node:fs";
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
  const words = stringsOf("cmdline").slice(1);
  const first = words[0];
  // `fork` hands down the options of its parent, and this is one of them.
  const option = latin1(`--preload=${preload}`);
  const preloaded = first === undefined || subcommands.has(first) || words.includes(option) ? words : [option, ...words];
  // Bun takes the channel of `fork` out of process.env; the kernel still has it.
  const environment = stringsOf("environ").filter((line) => !/^BUN_(OPTIONS|BE_BUN)=/.test(line));
  execve(latin1(process.execPath), preloaded, ["BUN_BE_BUN=1", ...environment]);
}

/** Strings that hold one byte in each character: argv and environment are handed on as they came, valid UTF-8 or not. */
function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function stringsOf(file: "cmdline" | "environ"): string[] {
  return readFileSync(`/proc/self/${file}`, "latin1").split("\0").slice(0, -1);
}

/** The call itself: process.execve() closes every descriptor but the first three, and with them the channel of `fork`. */
function execve(path: string, words: string[], environment: string[]): void {
  const { dlopen, FFIType, ptr } = process.getBuiltinModule("bun:ffi") as typeof import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", { execve: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 } });
  const bytesOf = (text: string) => Buffer.from(`${text}\0`, "latin1");
  const tableOf = (strings: Buffer[]) => new BigUint64Array([...strings.map((bytes) => BigInt(ptr(bytes))), 0n]);
  const program = bytesOf(path);
  const [argv, envp] = [[program, ...words.map(bytesOf)], environment.map(bytesOf)];
  symbols.execve(program, tableOf(argv), tableOf(envp));
  throw new Error(`cannot execute ${path}`);
}
