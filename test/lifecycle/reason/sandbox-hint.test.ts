// The sandbox is named as the cause of an error only if it is the cause, with the narrowest option that opens the path.
import { expect, test } from "bun:test";
import { denialsIn } from "../../../src/lifecycle/reason/denial.ts";
import { type HostView, sandboxHint } from "../../../src/lifecycle/reason/sandbox-hint.ts";
import type { Spec } from "../../../src/service/spec.ts";

/** Files and directories of the host, and the user's permissions on them. */
const host: Record<string, string> = {
  "/": "rx",
  "/home": "rx",
  "/home/ops": "rwx",
  "/home/ops/app": "rwx",
  "/home/ops/.config": "rwx",
  "/home/ops/.config/x": "rw",
  "/home/ops/my config": "rw",
  "/home/ops/backups": "rwx",
  "/home/ops/.ssh/other": "-",
  "/home/ops/shared": "rwx",
  "/home/ops/shared/db.yml": "rw",
  "/home/ops/.nvm/v22": "rx",
  "/home/ops/.nvm/v22/bin/node": "rx",
  "/srv/data": "rwx",
  "/srv/theirs": "rx",
  "/etc": "rx",
  "/tmp/other.sock": "rw",
  "/run/docker.sock": "rw",
};
const links: Record<string, string> = { "/home/ops/app/config/db.yml": "/home/ops/shared/db.yml" };

const view: HostView = {
  home: "/home/ops",
  opened: {
    writable: [
      { path: "/home/ops/app", own: false },
      { path: "/tmp", own: true },
    ],
    readable: ["/", "/home/ops/lib"],
    hidden: ["/home/ops", "/home", "/run/docker.sock"],
  },
  deniesNamespaces: true,
  real: (path) => links[path] ?? path,
  exists: (path) => path in host,
  mayRead: (path) => host[path]?.includes("r") ?? false,
  mayWrite: (path) => host[path]?.includes("w") ?? false,
  isFolder: (path) => host[path]?.includes("x") ?? false,
  find: (command) => (command === "node" ? "/home/ops/.nvm/v22" : command === "cat" ? "/usr/bin/cat" : null),
};

const sandbox: Spec["sandbox"] = { profile: "standard", writable: [], readable: [], required: false };
const hintOn = (lines: string[], spec: Partial<Spec["sandbox"]> = {}) =>
  sandboxHint({ cwd: "/home/ops/app", sandbox: { ...sandbox, ...spec } }, denialsIn(lines), view);

test.each<[string, string, string | null]>([
  ["cat: /home/ops/.config/x: No such file or directory", "the sandbox hides ~/.config/x", "--readable ~/.config/x"],
  ["ENOENT: no such file or directory, open '/home/ops/.config/x'", "the sandbox hides ~/.config/x", "--readable ~/.config/x"],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/home/ops/.config/x'",
    "the sandbox hides ~/.config/x",
    "--readable ~/.config/x",
  ],
  ["PermissionError: [Errno 13] Permission denied: '/home/ops/.config/x'", "the sandbox hides ~/.config/x", "--readable ~/.config/x"],
  ["open ~/.config/x: no such file or directory", "the sandbox hides ~/.config/x", "--readable ~/.config/x"],
  ["cannot open '../.config/x': No such file or directory", "the sandbox hides ~/.config/x", "--readable ~/.config/x"],
  [
    "Error: ENOENT: no such file or directory, open '/home/ops/my config'",
    "the sandbox hides '/home/ops/my config'",
    "--readable '/home/ops/my config'",
  ],
  ["Error: ENOENT: no such file or directory, mkdir '/home/ops/backups/new'", "the sandbox hides ~/backups", "--writable ~/backups"],
  ["sh: 1: cannot create /home/ops/backups/db.dump: Read-only file system", "the sandbox hides ~/backups", "--writable ~/backups"],
  // Landlock gives this error to a program that creates a file.
  ["sh: 1: cannot create /home/ops/.config/none: Permission denied", "the sandbox hides ~/.config", "--writable ~/.config"],
  ["touch: cannot touch '/home/ops/newfile': Read-only file system", "the sandbox hides ~", null],
  [
    "EROFS: read-only file system, open '/srv/data/x'",
    "the sandbox lets the service read /srv/data and not write to it",
    "--writable /srv/data",
  ],
  [
    "mkdir: cannot create directory '/srv/data/y': Permission denied",
    "the sandbox lets the service read /srv/data and not write to it",
    "--writable /srv/data",
  ],
  ["Error: ENOENT: no such file or directory, open 'config/db.yml'", "the sandbox hides ~/shared/db.yml", "--readable ~/shared/db.yml"],
  ["Error: Cannot find module '/home/ops/shared/db.yml'", "the sandbox hides ~/shared/db.yml", "--readable ~/shared/db.yml"],
  ["env: ‘node’: No such file or directory", "the sandbox hides ~/.nvm/v22", "--readable ~/.nvm/v22"],
  ["./run.sh: line 2: node: command not found", "the sandbox hides ~/.nvm/v22", "--readable ~/.nvm/v22"],
  ["sh: 1: node: not found", "the sandbox hides ~/.nvm/v22", "--readable ~/.nvm/v22"],
  [
    "sh: ./x: /home/ops/.nvm/v22/bin/node: bad interpreter: No such file or directory",
    "the sandbox hides ~/.nvm/v22/bin/node",
    "--readable ~/.nvm/v22/bin/node",
  ],
  ["unshare: unshare failed: Operation not permitted", "the sandbox denies user namespaces", "--sandbox off"],
  ["[0:FATAL] No usable sandbox! Update your kernel", "the sandbox denies user namespaces", "--sandbox off"],
  [
    "connect: /tmp/other.sock: No such file or directory",
    "the sandbox gives the service a /tmp of its own, without /tmp/other.sock",
    "--readable /tmp/other.sock",
  ],
  [
    "Error: connect EACCES: permission denied, connect '/run/docker.sock'",
    "the sandbox hides /run/docker.sock",
    "--readable /run/docker.sock",
  ],
])("the sandbox is named as the cause of '%s'", (line, what, option) => {
  expect(hintOn(["starting", line, "bye"])).toMatchObject({ what, option });
});

test.each([
  ["a file and a directory that do not exist outside either", "cat: /home/ops/.ssh/none: No such file or directory"],
  ["a directory that the user cannot write to either", "touch: cannot touch '/srv/theirs/x': Permission denied"],
  ["a file that the user cannot read either", "cat: /home/ops/.ssh/other: Permission denied"],
  ["a missing file in the project, which is open", "cat: /home/ops/app/none: No such file or directory"],
  ["a command that is not installed", "sh: 1: gunicorn: not found"],
  ["a command in a directory that is open", "sh: 1: cat: not found"],
  ["a port below 1024", "Error: listen EACCES: permission denied 0.0.0.0:80"],
  ["words without a path", "permission denied for table users"],
])("the sandbox is not blamed for %s", (_, line) => {
  expect(hintOn([line])).toBeNull();
});

test("with the profile off the sandbox is never blamed", () => {
  expect(hintOn(["cat: /home/ops/.config/x: No such file or directory"], { profile: "off" })).toBeNull();
});

test("the hint repeats paths that are open already, because a new option replaces them", () => {
  const hint = hintOn(["cat: /home/ops/.config/x: No such file or directory"], { readable: ["/home/ops/lib", "/opt/b c"] });
  expect(hint?.option).toBe("--readable ~/lib --readable '/opt/b c' --readable ~/.config/x");
});

test("the hint is about the last denial that the sandbox caused; other denials are skipped", () => {
  const lines = [
    "cat: /home/ops/.config/x: No such file or directory",
    "cat: /srv/data/x: Read-only file system",
    "cat: /nowhere: No such file or directory",
  ];
  expect(hintOn(lines)?.option).toBe("--writable /srv/data");
});

test("the search for denials by the sandbox is quick even for hostile lines", () => {
  const lines = [
    "'".repeat(4000),
    "/x: ".repeat(1000),
    `ENOENT: ${"'".repeat(4000)}`,
    "~/".repeat(2000),
    "x".repeat(1_000_000),
    "env: ".repeat(800),
    "ENOENT: ".repeat(128) + "‘".repeat(1000),
    `${"a".repeat(2000)}: Permission denie`,
  ];
  const began = performance.now();
  denialsIn(lines);
  expect(performance.now() - began).toBeLessThan(2000);
});
