// Finds in the lines of a program what the system denied it: an error of errno(3), and the path or command concerned. Pure.

export type Errno = "ENOENT" | "EACCES" | "EROFS" | "EPERM";

/** The subject of a `path` is as the program wrote it, so it may be relative; of a `command` it is a word looked up on PATH. */
export type Denial = { errno: Errno; kind: "path" | "command" | "namespace"; subject: string; isWrite: boolean };

const words: Record<string, Errno> = {
  // dash writes this for a file that it cannot create.
  "directory nonexistent": "ENOENT",
  "no such file or directory": "ENOENT",
  "permission denied": "EACCES",
  "read-only file system": "EROFS",
  "operation not permitted": "EPERM",
};
const wordsOfErrno =
  "[Dd]irectory nonexistent|[Nn]o such file or directory|[Pp]ermission denied|[Rr]ead-only file system|[Oo]peration not permitted";
const numbers: Record<string, Errno> = { "1": "EPERM", "2": "ENOENT", "13": "EACCES", "30": "EROFS" };

/** System calls and commands that change a file. */
const writing =
  /\b(?:mkdir|mkdtemp|rmdir|unlink|rename|link|symlink|chmod|chown|truncate|copyfile|write|utime|create|touch|rm|mv|bind|mknod)\b/;

// Every repetition is bounded, and two neighbouring ones match different characters: hostile lines must not take long.
const quoted = `['"\`‘“]([^'"\`‘’“”]{1,512})['"\`’”]`;
const bare = "([^\\s:'\"`]{1,512})";

/** The forms of error messages; each gives the errno, by name, number or words, and the subject. */
const forms: { form: RegExp; read: (match: RegExpExecArray) => Omit<Denial, "isWrite"> | null }[] = [
  // Node and Bun: `EACCES: permission denied, open '/x'`; in `rename '/a' -> '/b'` the last path is the one to be written.
  {
    form: new RegExp(`\\b(ENOENT|EACCES|EROFS|EPERM)\\b: [^'"\`‘“]{0,200}(?:${quoted} -> )?${quoted}`),
    read: ([, errno, , subject]) => onPath(errno as Errno, subject),
  },
  // Python: `[Errno 2] No such file or directory: '/x'`
  {
    form: new RegExp(`\\[Errno (1|2|13|30)\\] [^:]{0,200}: ${quoted}`),
    read: ([, number, subject]) => onPath(numbers[number ?? ""], subject),
  },
  // Node and Bun: a missing module, named by its path, without an errno.
  {
    form: /(?:Cannot find module|Module not found|Cannot find package) ["'](\/[^"']+)["']/,
    read: ([, subject]) => onPath("ENOENT", subject),
  },
  // A shell: a command that is not on PATH; env(1): the interpreter of a script.
  { form: /(?:^|: )([\w.+-]+): (?:command )?not found$/, read: ([, subject]) => onCommand(subject) },
  { form: /^(?:\/usr\/bin\/)?env: ['‘"]?([\w.+-]+)['’"]?: No such file or directory$/, read: ([, subject]) => onCommand(subject) },
  // A shell: the interpreter that a script names: `bad interpreter: /x: no such file or directory`
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

/** The denials that the lines report, the last one first. */
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
