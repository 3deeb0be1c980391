// Finds, among the last lines that a program wrote, the line that says why it ended. Pure.

/** Longer lines are cut, because a reason should fit into two lines of a terminal. */
const longestLine = 200;

/**
 * The kinds of lines in which languages and programs report an error, the most specific first. Among lines of one kind the last
 * one counts, because a program that tries several times reports the final error last.
 */
const kinds: RegExp[] = [
  // Node, Bun, Python, Ruby, Java: a class of errors, a colon, a message.
  /^(?:Uncaught |Exception in thread "[^"]*" |Caused by: )?(?:[\w$]+[.:]+)*(?:[A-Z][\w$]*)?(?:Error|Exception|Exit|Interrupt)\b(?: \[\w+\])?: \S/,
  // Bun: a system error by its errno name; Go and Rust: panics and errors.
  /^E[A-Z0-9]{3,}: \S|^panic: |^fatal error: |^thread '.*' panicked at|^error(?:\[\w+\])?: \S/,
  // The name of an error without a message.
  /^(?:Uncaught )?(?:[A-Z][\w$]*)?(?:Error|Exception)$/,
  // Error messages of libc, of shells, and of the dynamic loader.
  /: (?:No such file or directory|Permission denied|Read-only file system|Operation not permitted|Address already in use|Connection refused|No space left on device|Exec format error|Cannot allocate memory|command not found|not found)$/i,
  /error while loading shared libraries:|: cannot open shared object file|: bad interpreter: /,
  /\bE(?:ACCES|ADDRINUSE|CONNREFUSED|EXIST|MFILE|NOENT|NOSPC|NOTFOUND|PERM|PIPE|ROFS|TIMEDOUT)\b/,
  /^(?:\S+ ){0,4}(?:FATAL|CRITICAL|PANIC|ERROR|ERR|fatal|error|panic)\b/,
  /\b(?:fatal|error|failed|failure|cannot|could not|unable to|denied|refused|invalid|missing|not found|exception)\b/i,
];

/** Lines that belong to an error but do not name it: stack frames, source excerpts, the version of the program. */
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

/** The index of the line that names the error; null if no line does. */
function errorIndex(lines: string[]): number | null {
  const told = lines.map((line) => (besides.some((kind) => kind.test(line)) ? "" : line.trimEnd()));
  for (const kind of kinds) {
    const index = told.findLastIndex((line) => kind.test(line));
    if (index >= 0) return index;
  }
  // npm names its own error in its first line, and writes many lines after it.
  const ofNpm = lines.findIndex((line) => /^npm (?:ERR!|error) (?!code |path |A complete log|errno |syscall )\S/.test(line));
  return ofNpm === -1 ? null : ofNpm;
}

/** The line that names the error, cut if it is long; null if no line does. */
export function errorLine(lines: string[]): string | null {
  const index = errorIndex(lines);
  if (index === null) return null;
  const line = (lines[index] ?? "").trim();
  // Rust writes the message in the line below the source position.
  const text = /^thread '.*' panicked at [^']*:$/.test(line) ? `${line} ${(lines[index + 1] ?? "").trim()}` : line;
  return text.length > longestLine ? `${text.slice(0, longestLine - 1)}…` : text;
}

/** The last `most` lines; if the error is above them, `most` lines from the error on, so that a long stack does not hide it. */
export function linesWithError(lines: string[], most: number): string[] {
  const index = errorIndex(lines);
  const first = lines.length - most;
  if (index === null || index >= first) return lines.slice(-most);
  return lines.slice(index, index + most);
}
