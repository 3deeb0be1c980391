// Decides whether bs9 follows the symbolic links on the way to a program, to the entry or to an opened path.

import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Bs9Error, failed } from "../base/errors.ts";
import { shellWord } from "../base/text.ts";
import type { ExecCommand } from "../runtime/command.ts";
import { findCommand } from "../service/entry.ts";
import { isInVirtualEnvironment } from "../service/python.ts";
import { shebangOf } from "../service/shebang.ts";
import type { Spec } from "../service/spec.ts";
import { type ResolvedPath, type Stray, walked } from "./stray.ts";

/** What decides whether the service could have created a symbolic link on the way to a path. */
export type Ground = {
  spec: Spec;
  isWritable: (path: string) => boolean;
  isHidden: (path: string) => boolean;
  /** The path is open to the service even without this opening. */
  isOpenAnyway: (path: string) => boolean;
  strayOn: (way: ResolvedPath) => Stray | null;
};

/**
 * Checks the paths that the sandbox opens. Throws if this or another service could have made a symbolic link on one of them
 * that leads out of what it can write.
 */
export function checkWays(ways: ResolvedPath[], { spec, strayOn }: Ground): void {
  for (const way of ways) {
    const stray = strayOn(way);
    if (stray !== null) throw astray(spec.name, stray);
  }
}

/** The command was resolved separately, so this checks that the checked file is the file that will run. */
export function checkEntry(entry: string, ground: Ground): void {
  const { path } = ground.spec.entry;
  const real = checkProgram(path, ground);
  const folder = walked(dirname(path));
  const isFolderAstray = ground.strayOn(folder) !== null && !ground.isOpenAnyway(folder.real);
  if (entry === real || (entry === join(folder.real, basename(path)) && !isFolderAstray)) return;
  throw failed(`${path} was replaced while it was being read`, {
    lead: `cannot start ${ground.spec.name}`,
    hint: `ls -l ${shellWord(path)}`,
  });
}

/** The programs that an exec of this command needs, and the path of each: the runtime, the entry, its interpreter. */
export function programsOf(command: ExecCommand, ground: Ground): { program: string; real: string }[] {
  const program = command.runtime ?? command.entry;
  const words = shebangOf(program);
  const interpreter = words === null ? null : interpreterOf(words, program, ground);
  const programs = interpreter === null ? [program] : [program, interpreter];
  return programs.filter((one) => existsSync(one)).map((one) => ({ program: one, real: checkProgram(one, ground) }));
}

/**
 * A service could replace a file that it, or its neighbour, is run from by a link, and the target would be opened at the next
 * start. The name of the link does not matter, for example `current`. Returns the resolved path.
 */
function checkProgram(program: string, { spec, isWritable, isHidden, isOpenAnyway, strayOn }: Ground): string {
  const way = walked(program);
  const { real } = way;
  if (!isHidden(real) || isWritable(real)) return real;
  const stray = strayOn(way);
  if (stray !== null && !isPythonOfEnvironment(program, real) && !isOpenAnyway(real)) throw astray(spec.name, stray);
  return real;
}

/** The interpreter that a `#!` line names; null if the sandbox does not have to open it. */
function interpreterOf([interpreter = "", ...rest]: string[], program: string, { spec, isWritable, isHidden }: Ground): string | null {
  // Directories that the service can write are left out, because it could have placed any program there.
  const isKept = (folder: string) => folder.startsWith("/") && existsSync(folder) && !isWritable(realpathSync(folder));
  const onPath = (name: string) => findCommand(name, spec.path.split(":").filter(isKept).join(":"));
  if (basename(interpreter) === "env") {
    const named = rest.find((word) => !word.startsWith("-") && !word.includes("="));
    return named === undefined || named.includes("/") ? null : onPath(named);
  }
  if (!existsSync(interpreter)) return null;
  const real = realpathSync(interpreter);
  const known = onPath(basename(interpreter));
  const isTrusted = !isWritable(realpathSync(program)) || (known !== null && realpathSync(known) === real);
  if (isTrusted || !isHidden(real) || isWritable(real) || isPythonOfEnvironment(interpreter, real)) return interpreter;
  throw failed(
    `the #! line of ${program} names ${interpreter}, which is not on the PATH of the service, and the service could have written that line`,
    {
      lead: `cannot start ${spec.name}`,
      hint: `bs9 start ${shellWord(interpreter)} --name ${spec.name} -- ${shellWord(program)}`,
    },
  );
}

/** The Python that a virtual environment was made with. */
function isPythonOfEnvironment(program: string, real: string): boolean {
  return isInVirtualEnvironment(program) && /^python[\d.]*$/.test(basename(real)) && isProgram(real);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function astray(name: string, { link, real, maker }: Stray): Bs9Error {
  const message = `${link} is a symbolic link to ${real} that ${maker} could have created; not followed`;
  return failed(message, {
    lead: `cannot start ${name}`,
    hint: `ls -l ${shellWord(link)}; if the link is yours, name the directory itself instead of the link`,
  });
}
