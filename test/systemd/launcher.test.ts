// The launcher as a file: what it executes, what it holds, and what it ends with where it cannot.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architectureOf } from "../../src/backend/limits-filter.ts";
import type { Opened } from "../../src/systemd/launcher/files.ts";
import { launcherFile, ownFilters, type Wanted } from "../../src/systemd/launcher/launcher.ts";
import { run, tempDir } from "../harness.ts";

const folder = tempDir();
const architecture = architectureOf(process.arch);
const own = Bun.spawn(["sleep", "60"]);
afterAll(() => own.kill());
let count = 0;

function launcher(wanted: Partial<Wanted> = {}): string {
  if (architecture === null) throw new Error(`no launcher for ${process.arch}`);
  const file = join(folder, `launcher-${count++}`);
  writeFileSync(file, launcherFile(architecture, { files: null, isIsolationRequired: false, ...wanted }), { mode: 0o700 });
  return file;
}
const folderOf = (path: string): Opened => ({ path, isFile: false });
const system = ["/usr", "/etc", "/proc", "/dev", "/lib", "/lib64", "/bin"].map(folderOf);

test("arguments and environment arrive exactly", async () => {
  const words = ["", " a b ", "x".repeat(100_000), "é\u{1f600}", "line\nline"];
  const { stdout } = await run([launcher(), "/bin/sh", "-c", 'printf \'%s\\0\' "$@"; printf %s "$SAID"', "sh", ...words], {
    env: { SAID: "by the caller" },
  });
  expect(stdout.split("\0")).toEqual([...words, "by the caller"]);
});

test("the process stays the same, with two filters more", async () => {
  const script = "echo $$; grep -E '^(NoNewPrivs|Seccomp_filters)' /proc/self/status";
  const child = Bun.spawn([launcher(), "/bin/sh", "-c", script], { stdout: "pipe" });
  const [pid, privileges, filters] = (await new Response(child.stdout).text()).split("\n");
  expect(pid).toBe(String(child.pid));
  expect(privileges).toBe("NoNewPrivs:\t1");
  const here = Number(/^Seccomp_filters:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  expect(filters).toBe(`Seccomp_filters:\t${here + ownFilters.scopes}`);
});

test("limits and signals of a process outside are refused to the program and its children", async () => {
  const script = `prlimit --pid ${own.pid} --nofile; kill -CONT ${own.pid}; sh -c 'kill -CONT ${own.pid}'; prlimit --nofile >/dev/null && echo own`;
  const { stdout, stderr } = await run([launcher(), "/bin/sh", "-c", script], { env: { LC_ALL: "C" } });
  expect(stdout).toBe("own\n");
  expect(stderr.match(/Operation not permitted/g)?.length).toBe(3);
});

test("files are open as they are named, and closed behind a link that was put on the way", async () => {
  for (const name of ["open", "shut"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "file"), name);
  }
  symlinkSync(join(folder, "shut"), join(folder, "link"));
  const files = { readable: [...system, folderOf(join(folder, "link"))], writable: [folderOf(join(folder, "open"))], listable: [] };
  const script = "cat open/file; echo more >open/more && mv open/more open/moved && : >open/moved && echo wrote; cat shut/file link/file";
  const { stdout, stderr } = await run([launcher({ files }), "/bin/sh", "-c", `cd ${folder}; ${script}`], { env: { LC_ALL: "C" } });
  expect(stdout).toBe("openwrote\n");
  expect(stderr.match(/Permission denied/g)?.length).toBe(2);
});

test("a program that is not there ends it with 203, as systemd does", async () => {
  expect(await run([launcher(), "/nowhere"])).toMatchObject({ code: 203 });
  expect(await run([launcher()])).toMatchObject({ code: 203 });
});

test("Landlock that refuses ends it with 226, as systemd does with a namespace", async () => {
  // Landlock takes sixteen rulesets, one in the other (landlock(7)).
  const nested = Array<string>(17).fill(launcher());
  expect(await run([...nested, "/bin/true"])).toMatchObject({ code: 226 });
});
