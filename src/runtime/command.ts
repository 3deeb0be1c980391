// Turns entry and runtime into the arguments that are executed.

import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Bs9Error, failed } from "../base/errors.ts";
import { plainErrno, readRegular } from "../base/files.ts";
import { shellWord } from "../base/text.ts";
import { isInVirtualEnvironment } from "../service/python.ts";
import type { Spec } from "../service/spec.ts";
import { runtimeFolder } from "./pin.ts";

export const buildFolder = (share: string, name: string): string => join(share, "builds", name);

export type ExecCommand = {
  argv: string[];
  /** The directory of its build, null where the source itself runs. */
  build: string | null;
  /** The entry as it is on disk now, with links resolved. */
  entry: string;
  /** The program of the runtime, null where the entry is executed directly. */
  runtime: string | null;
};

/**
 * Links are resolved at each definition, so that a moved `current` link takes effect with a restart. Throws where the entry
 * does not exist. `flags` are options of the runtime.
 */
export function commandOf(spec: Spec, share: string, flags: readonly string[] = []): ExecCommand {
  const entry = located(spec.entry.path, spec.entry.kind, spec.root);
  if (entry.includes("\\") && (spec.runtime.kind === "bs9" || spec.runtime.kind === "bun")) {
    throw failed(`cannot run ${entry}: Bun reads a backslash in a path as a slash`, { hint: "rename the file, or use --runtime node" });
  }
  // The working directory and the opened paths stay those of the source.
  const build = spec.build === null ? null : join(buildFolder(share, spec.name), spec.build.hash);
  const run = spec.build === null || build === null ? entry : join(build, spec.build.file);
  switch (spec.runtime.kind) {
    case "bs9": {
      const folder = runtimeFolder(share, spec.runtime.version);
      const program = join(folder, "bs9");
      return {
        argv: [program, ...flags, run, ...spec.args],
        entry,
        runtime: program,
        build,
      };
    }
    case "bun":
    case "node":
      return {
        argv: [
          spec.runtime.path,
          ...(spec.runtime.kind === "node" && spec.build !== null ? ["--enable-source-maps"] : []),
          ...flags,
          run,
          ...spec.args,
        ],
        entry,

        runtime: spec.runtime.path,
        build,
      };
    case "none":
      return { argv: [...shellFor(entry), entry, ...spec.args], entry, runtime: null, build: null };
  }
}

/**
 * The kernel does not execute a text without a `#!` line (execve(2), ENOEXEC); a shell runs such a file as a shell script, and
 * so does bs9.
 */
function shellFor(file: string): string[] {
  const head = headOf(file);
  const isText = head !== null && head.length > 0 && !head.includes(0) && head.toString("latin1", 0, 2) !== "#!";
  return isText ? ["/bin/sh"] : [];
}

/** The first bytes of a file; null for a file that can be executed but not read. */
function headOf(file: string): Buffer | null {
  try {
    return readRegular(file, 256);
  } catch {
    return null;
  }
}

/**
 * A program keeps the name it was called by, because some programs depend on it, as long as the link is visible beside the
 * program.
 */
export function located(path: string, kind: Spec["entry"]["kind"], root: string): string {
  try {
    const real = realpathSync(path);
    if (!statSync(real).isFile()) throw failed(`cannot run ${path}: it is not a regular file`, { hint: `ls -l ${shellWord(path)}` });
    if (kind === "script") return real;
    const named = join(realpathSync(dirname(path)), basename(path));
    if (isInVirtualEnvironment(named)) return named;
    const inProject = named.startsWith(`${realpathSync(root)}/`) && real.startsWith(`${realpathSync(root)}/`);
    return inProject || named.startsWith("/usr/") || dirname(real) === dirname(named) ? named : real;
  } catch (error) {
    if (error instanceof Bs9Error) throw error;
    throw failed(`cannot find ${path}: ${plainErrno(error)}`, { cause: error });
  }
}
