// The launcher of the built bs9: the program receives exactly what the plan contains.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type LaunchPlan, planText } from "../../src/supervisor/launch.ts";
import { binary } from "../harness.ts";

const plan: LaunchPlan = {
  argv: ["/bin/true"],
  env: {},
  cwd: "/",
  cgroup: null,
  files: 512,
  umask: 0o077,
  keepsLimits: false,
  isolationRequired: false,
  landlock: null,
};

const launched = (changes: Partial<LaunchPlan>) => launchedWith(planText({ ...plan, ...changes }));

async function launchedWith(stdin: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([binary()], {
    env: { BS9_LAUNCH: "1" },
    stdio: [Buffer.from(stdin), "pipe", "pipe"],
    cwd: "/",
    timeout: 20_000,
  });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, stdout, stderr };
}

const nasty = [
  "",
  " a  b ",
  "quote \" and '",
  "line\nline\ttab",
  "back\\slash `tick` $HOME ${x} %h %%",
  "é\u{1f600}\uffff",
  "\u0001\u007f",
  "--",
  "x".repeat(100_000),
];

test("the launcher passes exactly the arguments and environment of its plan to the program", async () => {
  const env = Object.fromEntries(nasty.map((value, i) => [`V${i}`, value]));
  const shown = await launched({ argv: ["/usr/bin/env", "-0"], env });
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout.split("\0").slice(0, -1).sort()).toEqual(
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
  );
  const words = await launched({ argv: ["/bin/sh", "-c", "printf '%s\\0' \"$@\"", "sh", ...nasty] });
  expect(words.stdout.split("\0").slice(0, -1)).toEqual(nasty);
});

test("the program of a service runs with the limits, umask, stdin and privileges that the plan of its launcher sets", async () => {
  const script =
    "umask; ulimit -Hn; readlink /proc/self/fd/0; grep -E '^(NoNewPrivs|SigIgn|SigBlk):' /proc/self/status; ls /proc/self/fd | wc -l";
  const { stdout } = await launched({ argv: ["/bin/sh", "-c", script] });
  // The four descriptors are those of ls itself: 0, 1, 2 and the directory.
  expect(stdout.trim().split("\n")).toEqual([
    "0077",
    "512",
    "/dev/null",
    "SigBlk:\t0000000000000000",
    "SigIgn:\t0000000000000000",
    "NoNewPrivs:\t1",
    "4",
  ]);
});

test.each([
  [{ cwd: "/nowhere" }, 200, "bs9: cannot enter the working directory /nowhere: no such file or directory\n"],
  [{ argv: ["/nowhere/app"] }, 203, "bs9: cannot execute /nowhere/app: no such file or directory\n"],
  [{ cgroup: "/nowhere" }, 219, "bs9: cannot join its cgroup: no such file or directory\n"],
])("the launcher with the invalid plan %j exits with %d and prints one line", async (changes, code, stderr) => {
  expect(await launched(changes)).toMatchObject({ code, stdout: "", stderr });
});

test("the launcher runs nothing if its plan is missing or incomplete", async () => {
  const whole = planText({ ...plan, argv: ["/bin/echo", "ran"] });
  expect(await launchedWith(whole)).toMatchObject({ code: 0, stdout: "ran\n" });
  for (const part of ["", whole.slice(0, 20), whole.slice(0, -1)])
    expect(await launchedWith(part)).toEqual({ code: 75, stdout: "", stderr: "" });
});

const makeSocket = `perl -MIO::Socket::UNIX -e 'print "made\\n" if IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)'`;

test("the launcher opens exactly the paths of its plan through Landlock", async () => {
  // The directory is not below /tmp, because the test is about one opened directory alone.
  const folder = mkdtempSync(join(import.meta.dir, "../../dist/shut-"));
  try {
    await Bun.write(join(folder, "open/in"), "seen");
    await Bun.write(join(folder, "shut/in"), "secret");
    mkdirSync(join(folder, "sockets"));
    const readable = ["/usr", "/bin", "/lib", "/lib64", "/etc"];
    const landlock = {
      system: readable,
      readable: [],
      writable: [join(folder, "open"), "/dev"],
      listable: [],
      sockets: [join(folder, "sockets")],
      leads: {},
    };
    const script = `cat ${folder}/open/in; echo x >${folder}/open/out && echo wrote; cat ${folder}/shut/in; echo x >${folder}/shut/out; ${makeSocket} ${folder}/sockets/socket; echo x >${folder}/sockets/file; mkdir ${folder}/sockets/more; echo over`;
    const { stdout, stderr } = await launched({ argv: ["/bin/sh", "-c", script], landlock });
    expect(stdout).toBe("seenwrote\nmade\nover\n");
    expect(stderr.match(/Permission denied/g)?.length).toBe(4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
