// Reads out of the lines of a program what the system has denied it: an error of errno(3), and the path or command that it met. Pure.

export type Errno = "ENOENT" | "EACCES" | "EROFS" | "EPERM";

/** `path` is as the program wrote it, so that it may be relative; for `command` it is a word that a shell looked up on PATH. */
export type Denial = { errno: Errno; kind: "path" | "command" | "namespace"; subject: string; isWrite: boolean };

const words: Record<string, Errno> = {
  // What dash says of a file that it cannot create.
  "directory nonexistent": "ENOENT",
  "no such file or directory": "ENOENT",
  "permission denied": "EACCES",
  "read-only file system": "EROFS",
  "operation not permitted": "EPERM",
};
const wordsOfErrno =
  "[Dd]irectory nonexistent|[Nn]o such file or directory|[Pp]ermission denied|[Rr]ead-only file system|[Oo]peration not permitted";
const numbers: Record<string, Errno> = { "1": "EPERM", "2": "ENOENT", "13": "EACCES", "30": "EROFS" };

/** System calls, and words of programs, that change something. */
const writing =
  /\b(?:mkdir|mkdtemp|rmdir|unlink|rename|link|symlink|chmod|chown|truncate|copyfile|write|utime|create|touch|rm|mv|bind|mknod)\b/;

// Every repetition has a bound, and none can match what the one before it matches: the lines are anybody's.
const quoted = `['"\`‘“]([^'"\`‘’“”]{1,512})['"\`’”]`;
const bare = "([^\\s:'\"`]{1,512})";

/** Each with the errno by name, number or words, and the subject. */
const forms: { form: RegExp; read: (match: RegExpExecArray) => Omit<Denial, "isWrite"> | null }[] = [
  // Node and Bun: `EACCES: permission denied, open '/x'`; `rename '/a' -> '/b'` names where it would write last.
  {
    form: new RegExp(`\\b(ENOENT|EACCES|EROFS|EPERM)\\b: [^'"\`‘“]{0,200}(?:${quoted} -> )?${quoted}`),
    read: ([, errno, , subject]) => onPath(errno as Errno, subject),
  },
  // Python: `[Errno 2] No such file or directory: '/x'`
  {
    form: new RegExp(`\\[Errno (1|2|13|30)\\] [^:]{0,200}: ${quoted}`),
    read: ([, number, subject]) => onPath(numbers[number ?? ""], subject),
  },
  // Node and Bun on a module by its path, which says no errno.
  {
    form: /(?:Cannot find module|Module not found|Cannot find package) ["'](\/[^"']+)["']/,
    read: ([, subject]) => onPath("ENOENT", subject),
  },
  // A shell on what is not on PATH; env(1) on the interpreter of a script.
  { form: /(?:^|: )([\w.+-]+): (?:command )?not found$/, read: ([, subject]) => onCommand(subject) },
  { form: /^(?:\/usr\/bin\/)?env: ['‘"]?([\w.+-]+)['’"]?: No such file or directory$/, read: ([, subject]) => onCommand(subject) },
  // An interpreter that a script names: `bad interpreter: /x: no such file or directory`
  {
    form: new RegExp(`(?:bad interpreter: (/[^\\s:]+)|(/[^\\s:]+): bad interpreter): (${wordsOfErrno})`),
    read: ([, behind, before, told]) => onPath(errnoOf(told), behind ?? before),
  },
  // libc by perror(3): `cat: /x: Permission denied`, `cannot open '/x': …`, dash: `cannot create /x: …`, Go: `open /x: …`
  {
    form: new RegExp(`(?:${quoted}|${bare}): (${wordsOfErrno})`),
    read: ([, inQuotes, plain, told]) => onPath(errnoOf(told), inQuotes ?? plain),
  },
];

const namespaces =
  /\b(?:unshare|clone3?|CLONE_NEW\w+|user namespaces?|newuidmap|uid_map|bwrap|bubblewrap)\b.*(?:Operation not permitted|EPERM|denied|not permitted)|No usable sandbox!/i;

/** What the lines say was denied, the last first. */
export function denialsIn(lines: string[]): Denial[] {
  return lines
    .slice(-lastLines)
    .toReversed()
    .flatMap((line) => {
      if (line.length > longestLine) return [];
      if (namespaces.test(line)) return [{ errno: "EPERM", kind: "namespace", subject: "", isWrite: false }];
      for (const { form, read } of forms) {
        const match = form.exec(line);
        const denial = match === null ? null : read(match);
        if (denial !== null) return [{ ...denial, isWrite: denial.errno === "EROFS" || writing.test(line) }];
      }
      return [];
    });
}

const longestLine = 2048;
const lastLines = 40;

const errnoOf = (told: string | undefined): Errno | undefined => words[(told ?? "").toLowerCase()];

function onPath(errno: Errno | undefined, subject: string | undefined): Omit<Denial, "isWrite"> | null {
  return errno === undefined || subject === undefined ? null : { errno, kind: "path", subject };
}

function onCommand(subject: string | undefined): Omit<Denial, "isWrite"> | null {
  return subject === undefined ? null : { errno: "ENOENT", kind: "command", subject };
}
