// The launcher as a file: what it executes, what it restricts, and its exit status where it cannot.
import { dlopen, FFIType } from "bun:ffi";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architectureOf } from "../../../src/backend/limits-filter.ts";
import { openingOf } from "../../../src/backend/opening.ts";
import { profileDirectives } from "../../../src/backend/sandbox.ts";
import { pathsOf } from "../../../src/base/paths.ts";
import { commandOf } from "../../../src/runtime/command.ts";
import { builtIn } from "../../../src/service/defaults.ts";
import { resolve } from "../../../src/service/resolve.ts";
import type { LandlockPath } from "../../../src/systemd/sandbox/launcher/files.ts";
import { type LauncherOptions, launcherFile, ownFilters } from "../../../src/systemd/sandbox/launcher/launcher.ts";
import { numbersOf } from "../../../src/systemd/sandbox/launcher/numbers.ts";
import { connectStderr } from "../../../src/systemd/sandbox/launcher/stderr.ts";
import { Table } from "../../../src/systemd/sandbox/launcher/table.ts";
import { launcherFor, launcherIn } from "../../../src/systemd/sandbox/launcher/written.ts";
import { execWord } from "../../../src/systemd/unit/quote.ts";
import { run, tempDir, until } from "../../harness.ts";

const folder = tempDir();
const architecture = architectureOf(process.arch);
const own = Bun.spawn(["sleep", "60"]);
afterAll(() => own.kill());
let count = 0;

function launcher(wanted: Partial<LauncherOptions> = {}): string {
  if (architecture === null) throw new Error(`no launcher for ${process.arch}`);
  const file = join(folder, `launcher-${count++}`);
  const plain: LauncherOptions = {
    givenUp: null,
    stderr: "web.service(stderr)",
    check: null,
    shut: { files: null, isIsolationRequired: false },
  };
  writeFileSync(file, launcherFile(architecture, { ...plain, ...wanted }), { mode: 0o700 });
  return file;
}
const folderOf = (path: string): LandlockPath => ({ path, isFile: false });
const system = ["/usr", "/etc", "/proc", "/dev", "/lib", "/lib64", "/bin"].map(folderOf);

test("the launcher passes exactly its arguments and environment to the program", async () => {
  const words = ["", " a b ", "x".repeat(100_000), "é\u{1f600}", "line\nline"];
  const { stdout } = await run([launcher(), "/bin/sh", "-c", 'printf \'%s\\0\' "$@"; printf %s "$SAID"', "sh", ...words], {
    env: { SAID: "by the caller" },
  });
  expect(stdout.split("\0")).toEqual([...words, "by the caller"]);
});

test("the launcher executes the program in the same process, with two more seccomp filters", async () => {
  const script = "echo $$; grep -E '^(NoNewPrivs|Seccomp_filters)' /proc/self/status";
  const child = Bun.spawn([launcher(), "/bin/sh", "-c", script], { stdout: "pipe" });
  const [pid, privileges, filters] = (await new Response(child.stdout).text()).split("\n");
  expect(pid).toBe(String(child.pid));
  expect(privileges).toBe("NoNewPrivs:\t1");
  const here = Number(/^Seccomp_filters:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  expect(filters).toBe(`Seccomp_filters:\t${here + ownFilters.scopes}`);
});

test("under the launcher a program and its children can neither change limits of a process outside nor send it a signal", async () => {
  const script = `prlimit --pid ${own.pid} --nofile; kill -CONT ${own.pid}; sh -c 'kill -CONT ${own.pid}'; prlimit --nofile >/dev/null && echo own`;
  const { stdout, stderr } = await run([launcher(), "/bin/sh", "-c", script], { env: { LC_ALL: "C" } });
  expect(stdout).toBe("own\n");
  expect(stderr.match(/Operation not permitted/g)?.length).toBe(3);
});

test("the launcher opens the named files to the program, but not a path that was replaced by a link", async () => {
  for (const name of ["open", "shut", "sockets"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "file"), name);
  }
  symlinkSync(join(folder, "shut"), join(folder, "link"));
  const files = {
    readable: [...system, folderOf(join(folder, "link"))],
    writable: [folderOf(join(folder, "open"))],
    listable: [],
    sockets: [folderOf(join(folder, "sockets"))],
  };
  const script =
    "cat open/file; echo more >open/more && mv open/more open/moved && : >open/moved && echo wrote; cat shut/file link/file; " +
    `perl -MIO::Socket::UNIX -e 'print "made\\n" if IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)' sockets/socket; rm sockets/socket && echo removed; ` +
    "echo more >sockets/more; mkdir sockets/folder";
  const { stdout, stderr } = await run(
    [launcher({ shut: { files, isIsolationRequired: false } }), "/bin/sh", "-c", `cd ${folder}; ${script}`],
    { env: { LC_ALL: "C" } },
  );
  expect(stdout).toBe("openwrote\nmade\nremoved\n");
  expect(stderr.match(/Permission denied/g)?.length).toBe(4);
});

test("the launcher exits with 203 if the program is missing, as systemd does", async () => {
  expect(await run([launcher(), "/nowhere"])).toMatchObject({ code: 203 });
  expect(await run([launcher()])).toMatchObject({ code: 203 });
});

test("the launcher exits with 226 if Landlock refuses a call, as systemd does if a namespace fails", async () => {
  // Landlock accepts up to sixteen nested rulesets (landlock(7)).
  const nested = Array<string>(17).fill(launcher());
  expect(await run([...nested, "/bin/true"])).toMatchObject({ code: 226 });
});

test("without isolation the launcher adds no filter and leaves the environment unchanged", async () => {
  const script = "grep -E '^(NoNewPrivs|Seccomp_filters)' /proc/self/status";
  const plain = await run(["/bin/sh", "-c", script]);
  expect((await run([launcher({ shut: null }), "/bin/sh", "-c", script])).stdout).toBe(plain.stdout);
});

test("the launcher of a service that is given up exits with 198, and runs the program after the file that marks this is removed", async () => {
  const givenUp = join(folder, "given-up");
  writeFileSync(givenUp, "");
  const file = launcher({ givenUp });
  expect(await run([file, "/bin/true"])).toMatchObject({ code: 198 });
  rmSync(givenUp);
  expect(await run([file, "/bin/true"])).toMatchObject({ code: 0 });
});

describe("mount check", () => {
  const checked = (script: string, env = {}) => run([launcher({ check: ["sh", "-c", script] }), "/bin/echo", "ran"], { env });

  test("the launcher checks the mounts before it runs the program, without the variables of the service, and prints to stderr", async () => {
    const { code, stdout, stderr } = await checked('echo "$SECRET|$LD_PRELOAD|$LC_ALL"; exec env', { SECRET: "told", PATH: "/nowhere" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ran\n" });
    expect(stderr.split("\n").sort()).toEqual(["", "LC_ALL=C", "PATH=/usr/bin:/bin", `PWD=${process.cwd()}`, "||C"]);
  });

  test.each([
    ["a mount that is wrong", "exit 199", 199],
    ["a check that fails in another way", "exit 2", 226],
    ["a check that is killed", "kill -9 $$", 226],
  ])("the launcher does not run the program after this result of the mount check: %s", async (_, script, code) => {
    expect(await checked(script)).toMatchObject({ code, stdout: "" });
  });

  test("the launcher does not run the program if the mount check itself cannot run", async () => {
    expect(await run([launcher({ check: ["no-such-program"] }), "/bin/echo", "ran"])).toMatchObject({ code: 226, stdout: "" });
  });
});

describe("launcher stderr", () => {
  const { i32, ptr } = FFIType;
  const libc = dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, ptr, i32], returns: i32 },
    listen: { args: [i32, i32], returns: i32 },
    connect: { args: [i32, ptr, i32], returns: i32 },
    close: { args: [i32], returns: i32 },
  }).symbols;
  const script = "echo out; echo err >&2; grep flags /proc/self/fdinfo/2; ls /proc/self/fd | wc -l";
  /** Stderr does not have the flag O_NONBLOCK (04000), and no other descriptor is open: the fourth is that of ls(1). */
  const connected = "out\nflags:\t02\n4\n";

  function connecting(socket: string): string {
    if (architecture === null) throw new Error(`no launcher for ${process.arch}`);
    const table = new Table();
    connectStderr(table, numbersOf[architecture], "web.service(stderr)", socket);
    table.end();
    const file = join(folder, `launcher-${count++}`);
    writeFileSync(file, table.file(architecture), { mode: 0o700 });
    return file;
  }

  /** The streams of a child of Bun are sockets, like those that systemd connects to the journal. */
  async function said(socket: string): Promise<{ stdout: string; stderr: string }> {
    const child = Bun.spawn([connecting(socket), "/bin/sh", "-c", script], { stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    await child.exited;
    return { stdout, stderr };
  }

  test("the launcher gives stderr its own connection to the journal, on which writes block", async () => {
    const socket = join(folder, "journal");
    const heard: string[] = [];
    const listener = Bun.listen({ unix: socket, socket: { data: (_, bytes) => void heard.push(String(bytes)) } });
    const { stdout, stderr } = await said(socket);
    expect(stdout).toBe(connected);
    expect(stderr).toBe("");
    await until(() => heard.join("").endsWith("err\n"), { what: "the journal has heard of it" });
    expect(heard.join("")).toBe("web.service(stderr)\n\n6\n1\n0\n0\n0\nerr\n");
    listener.stop(true);
  });

  test("the launcher leaves stderr unchanged if no journal listens, if its socket does not exist, and if stderr is a file", async () => {
    const deserted = join(folder, "deserted");
    Bun.listen({ unix: deserted, socket: { data() {} } }).stop(true);
    for (const socket of [deserted, join(folder, "nowhere")]) {
      const { stdout, stderr } = await said(socket);
      expect(stdout).toBe(connected);
      expect(stderr).toBe("err\n");
    }
    const file = join(folder, "stderr");
    const child = Bun.spawn([connecting(deserted), "/bin/sh", "-c", "echo err >&2"], { stdout: "ignore", stderr: Bun.file(file) });
    await child.exited;
    expect(readFileSync(file, "utf8")).toBe("err\n");
  });

  test("the launcher leaves stderr unchanged and does not wait if the journal hangs with a full queue", async () => {
    const socket = join(folder, "frozen");
    const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${socket}\0`)]);
    const open = [libc.socket(1, 1, 0)];
    expect([libc.bind(open[0] ?? -1, address, address.length), libc.listen(open[0] ?? -1, 0)]).toEqual([0, 0]);
    const nonBlocking = 0o4000;
    do open.push(libc.socket(1, 1 | nonBlocking, 0));
    while (libc.connect(open.at(-1) ?? -1, address, address.length) === 0);
    expect((await said(socket)).stderr).toBe("err\n");
    for (const fd of open) libc.close(fd);
  });
});

test("the launcher prints a message and ends the start if the mount check cannot run", async () => {
  const outcome = await run([launcher({ check: ["no-such-awk", "x"] }), "/bin/echo", "ran"]);
  expect(outcome).toMatchObject({ code: 226, stdout: "" });
  expect(outcome.stderr).toContain("bs9: cannot check the mounts: awk is missing or did not end\n");
});

describe("launcher in units", () => {
  const paths = pathsOf({ HOME: folder, BS9_HOME: join(folder, 'a "$%home') });
  const input = { env: {}, envRemoved: [], reset: false, name: "web" };
  const around = { root: folder, cwd: folder, path: "/usr/bin", runtime: { kind: "none" as const } };
  writeFileSync(join(folder, "app.js"), "");
  const spec = resolve(input, { path: join(folder, "app.js"), kind: "script", onPath: false }, null, around, builtIn);
  const isolation = { isLaunched: true, reached: [], isFileClosed: true, why: null };
  const made = (optional: string[], isLaunched = true) => {
    const host = {
      directives: profileDirectives("standard"),
      withheld: [],
      probed: [],
      filters: 0,
      isolation: { ...isolation, isLaunched },
    };
    const opening = { ...openingOf(spec, commandOf(spec, paths.share), paths, []), optional };
    return launcherFor(spec, { host, opening, paths, runtimeDir: folder });
  };
  const unitWith = (file: string) => `[Service]\nExecStart=${execWord(file)} ${execWord("/bin/true")}\n`;

  test("bs9 still recognizes the launcher of a running unit after a package was linked", () => {
    const before = made([]);
    const after = made([join(folder, "linked")]);
    expect(after.file).not.toBe(before.file);
    expect(launcherIn(unitWith(before.file), after)).toBe(before.file);
  });

  test("bs9 does not recognize the launcher of a unit that isolates the service in another way", () => {
    expect(launcherIn(unitWith(made([], false).file), made([]))).toBeNull();
    expect(launcherIn("[Service]\nExecStart=/bin/true\n", made([]))).toBeNull();
  });
});
