// Finds the line that says why a program ended among the last lines that it wrote. Pure.

/** Longer lines are cut: a reason is one line of a terminal or two. */
const longestLine = 200;

/**
 * The kinds of lines in which languages and programs tell of an error, the most telling first. Among lines of one kind the last
 * one counts, because a program that tries several times says the final error last.
 */
const kinds: RegExp[] = [
  // Node, Bun, Python, Ruby, Java: a class of errors, a colon, a message.
  /^(?:Uncaught |Exception in thread "[^"]*" |Caused by: )?(?:[\w$]+[.:]+)*(?:[A-Z][\w$]*)?(?:Error|Exception|Exit|Interrupt)\b(?: \[\w+\])?: \S/,
  // Bun: an error of the system by its name; Go, Rust.
  /^E[A-Z0-9]{3,}: \S|^panic: |^fatal error: |^thread '.*' panicked at|^error(?:\[\w+\])?: \S/,
  // What has no text of its own.
  /^(?:Uncaught )?(?:[A-Z][\w$]*)?(?:Error|Exception)$/,
  // The words of libc, of shells, and of the dynamic loader.
  /: (?:No such file or directory|Permission denied|Read-only file system|Operation not permitted|Address already in use|Connection refused|No space left on device|Exec format error|Cannot allocate memory|command not found|not found)$/i,
  /error while loading shared libraries:|: cannot open shared object file|: bad interpreter: /,
  /\bE(?:ACCES|ADDRINUSE|CONNREFUSED|EXIST|MFILE|NOENT|NOSPC|NOTFOUND|PERM|PIPE|ROFS|TIMEDOUT)\b/,
  /^(?:\S+ ){0,4}(?:FATAL|CRITICAL|PANIC|ERROR|ERR|fatal|error|panic)\b/,
  /\b(?:fatal|error|failed|failure|cannot|could not|unable to|denied|refused|invalid|missing|not found|exception)\b/i,
];

/** Lines that belong to an error and do not name it: frames of a stack, excerpts of source, the program's version. */
const besides: RegExp[] = [
  /^\s+(?:at|File) /,
  /^\s*[\^~-]+\s*$/,
  /^\s*\d+ \| /,
  /^(?:Node\.js|Bun) v\d/,
  /^node:internal\//,
  /^\s*(?:errno|code|syscall|path|spawnargs|dest|address|port): /,
  /^npm (?:ERR!|error|notice|warn|verb)/i,
  /^\s*(?:Traceback|goroutine \d+|stack backtrace:|note: run with|exit status \d)/,
  /^\s+\.\.\. \d+ (?:lines matching|more)/,
];

/** The index of the line that names the error; null where no line does. */
function errorIndex(lines: string[]): number | null {
  const told = lines.map((line) => (besides.some((kind) => kind.test(line)) ? "" : line.trimEnd()));
  for (const kind of kinds) {
    const index = told.findLastIndex((line) => kind.test(line));
    if (index >= 0) return index;
  }
  // npm names an error of its own first, and says much more behind it.
  const ofNpm = lines.findIndex((line) => /^npm (?:ERR!|error) (?!code |path |A complete log|errno |syscall )\S/.test(line));
  return ofNpm === -1 ? null : ofNpm;
}

/** The line that names the error, cut where it is long; null where no line does. */
export function errorLine(lines: string[]): string | null {
  const index = errorIndex(lines);
  if (index === null) return null;
  const line = (lines[index] ?? "").trim();
  // Rust writes the message below the place.
  const text = /^thread '.*' panicked at [^']*:$/.test(line) ? `${line} ${(lines[index + 1] ?? "").trim()}` : line;
  return text.length > longestLine ? `${text.slice(0, longestLine - 1)}…` : text;
}

/** The last `most` lines, or, where the error stands further up, so many from there on: a long stack hides nothing. */
export function linesWithError(lines: string[], most: number): string[] {
  const index = errorIndex(lines);
  const first = lines.length - most;
  if (index === null || index >= first) return lines.slice(-most);
  return lines.slice(index, index + most);
}
