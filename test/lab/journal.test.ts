// Log lines in a real journald: exact in time and stream, and honest about dropped lines.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { LogQuery, LogRecord } from "../../src/backend/backend.ts";
import type { Spec } from "../../src/service/spec.ts";
import { launcherFile } from "../../src/systemd/sandbox/launcher/launcher.ts";
import { stderrIdentifier } from "../../src/systemd/unit/names.ts";
import { unitText } from "../../src/systemd/unit/unit.ts";
import { type Lab, lab, succeed, tempDir, type User, until } from "../harness.ts";

let host: Lab;
const users: User[] = ["ops", "dev", "root"];
const all: LogQuery = { services: [], lines: null, sinceMs: null, untilMs: null, follow: false };

beforeAll(async () => {
  const folder = tempDir();
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "../fixtures/journal-probe.ts")],
    compile: { outfile: join(folder, "probe") },
  });
  if (!built.success) throw new AggregateError(built.logs, "cannot build the probe");
  host = await lab("jl", { bs9: [] });
  for (const user of users) await host.writeFile(user, "probe", await Bun.file(join(folder, "probe")).bytes(), "755");
}, 300_000);
afterAll(async () => host?.down());

async function probe(user: User, ...words: string[]): Promise<string> {
  return succeed(await host.asUser(user, ["sh", "-c", 'exec ~/probe "$@"', "sh", ...words]), `probe ${words[0]}`).stdout;
}

async function read(user: User, query: Partial<LogQuery>): Promise<LogRecord[]> {
  const text = await probe(user, "read", JSON.stringify({ ...all, ...query }));
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const systemctl = (user: User, ...words: string[]) => host.asUser(user, ["systemctl", "--user", ...words]);

/** Runs a shell script as a service, under the unit that bs9 writes for it. */
async function service(user: User, name: string, script: string): Promise<void> {
  const spec: Spec = {
    version: 1,
    name,
    entry: { kind: "executable", path: "/bin/sh" },
    args: [],
    root: "/tmp",
    cwd: "/tmp",
    runtime: { kind: "none" },
    build: null,
    force: false,
    port: null,
    env: {},
    envFiles: [],
    envRemoved: [],
    path: "/usr/bin:/bin",
    limits: { memoryBytes: null, cpuPercent: null, files: 1024, tasks: 64 },
    health: null,
    healthRestart: false,
    waitMs: 0,
    sandbox: { profile: "off", writable: [], readable: [], required: false },
    restart: { policy: "no", delayMs: 1000, max: null },
    log: "journal",
    stopTimeoutMs: 5000,
  };
  const launcher = join(user === "root" ? "/root" : `/home/${user}`, `launch-${name}`);
  const stderr = stderrIdentifier(name);
  const file = launcherFile(process.arch === "arm64" ? "arm64" : "x64", { givenUp: null, stderr, check: null, shut: null });
  await host.writeFile(user, launcher, file, "755");
  const plan = { spec, argv: ["/bin/sh", "-c", script], injection: null, logFiles: null, environmentFile: "-/dev/null", directives: [] };
  const text = unitText({
    ...plan,
    cwd: plan.spec.cwd,
    mounts: { writable: [], readable: [], optional: [], leads: {}, cache: null, sockets: null },
    home: "/home/x",
    owner: "test",
    launcher,
  });
  await host.writeFile(user, `.config/systemd/user/${name}.service`, text);
  succeed(await systemctl(user, "daemon-reload"), "daemon-reload");
  // If the script exits at once, the start itself may fail; only its output and its end matter.
  await systemctl(user, "start", name);
}

const ended = (user: User, name: string) =>
  until(
    async () => (await read(user, { services: [name] })).some(({ stream, message }) => stream === "bs9" && message.startsWith("exited")),
    { what: `${name} has ended` },
  );

const brief = ({ stream, message, priority }: LogRecord) => [stream, message, priority];

// journald reads the two streams from two connections: lines written to both within about a millisecond may change places.
test("logs shows every line with its stream and time, and the end of the service", async () => {
  const before = Date.now();
  await service(
    "ops",
    "jl-lines",
    `w="sleep 0.05"; echo a; $w; echo b >&2; $w; echo '<3>c'; $w; echo '<4>d' >&2; $w; echo; printf 'bad \\377\\n'; printf 'red \\033[31mx\\n'; printf 'é%%s\\n'; printf 'no newline'; sleep 0.3; exit 3`,
  );
  await ended("ops", "jl-lines");
  const records = await read("ops", { services: ["jl-lines"] });
  // journald ends a line without a newline when the stream closes, which may be after systemd has logged the end.
  const lines = records.map(brief).toSorted((a, b) => Number(a[0] === "bs9") - Number(b[0] === "bs9"));
  expect(lines).toEqual([
    ["stdout", "a", null],
    ["stderr", "b", null],
    ["stdout", "c", 3],
    ["stderr", "d", 4],
    // journald drops an empty line.
    ["stdout", "bad \ufffd", null],
    ["stdout", "red \x1b[31mx", null],
    ["stdout", "é%s", null],
    ["stdout", "no newline", null],
    ["bs9", "exited with 3", 3],
  ]);
  const times = records.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(before - 5);
  expect(times.at(-1)).toBeLessThanOrEqual(Date.now() + 5);
  const middle = records[3]?.atMs ?? 0;
  expect((await read("ops", { services: ["jl-lines"], untilMs: middle })).length).toBe(times.filter((at) => at <= middle).length);
  expect((await read("ops", { services: ["jl-lines"], sinceMs: middle + 1 })).length).toBe(times.filter((at) => at > middle).length);
});

test("lines of children that end at once are not lost, and keep their stream", async () => {
  await service("ops", "jl-children", 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); /bin/sh -c "echo a$i; echo b$i >&2"; done; exit 1');
  await ended("ops", "jl-children");
  const records = await read("ops", { services: ["jl-children"] });
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
  expect(records.filter(({ stream }) => stream === "stdout").map(({ message }) => message)).toEqual(numbers.map((i) => `a${i}`));
  expect(records.filter(({ stream }) => stream === "stderr").map(({ message }) => message)).toEqual(numbers.map((i) => `b${i}`));
});

test("logs shows a line of 100 KB completely", async () => {
  await service("ops", "jl-long", "head -c 100000 /dev/zero | tr '\\0' x; echo; exit 1");
  await ended("ops", "jl-long");
  const records = await read("ops", { services: ["jl-long"] });
  expect(
    records
      .filter(({ stream }) => stream === "stdout")
      .map(({ message }) => message)
      .join(""),
  ).toBe("x".repeat(100_000));
});

test("logs --lines counts only lines that are shown and pass the filters", async () => {
  const last = await read("ops", { services: ["jl-children"], lines: 5 });
  expect(last.map(({ message }) => message).toSorted()).toEqual(["a199", "a200", "b199", "b200", "exited with 1"]);
  expect(await read("ops", { services: ["jl-children"], lines: 0 })).toEqual([]);
});

test("logs distinguishes services with the same name of two users and of root", async () => {
  for (const user of users) await service(user, "jl-same", `echo ${user}; sleep 0.1; exit 1`);
  for (const user of users) {
    await ended(user, "jl-same");
    expect((await read(user, { services: ["jl-same"] })).map(brief)).toEqual([
      ["stdout", user, null],
      ["bs9", "exited with 1", 3],
    ]);
  }
});

test("the log says in plain words why a service ended", async () => {
  await service("ops", "jl-kill", "kill -9 $$");
  await until(async () => (await read("ops", { services: ["jl-kill"] })).some(({ message }) => message === "killed by SIGKILL"), {
    what: "the word on the kill",
  });
});

test("follow yields the last line and then new lines, of several services in order, and its journalctl ends with it", async () => {
  await service("ops", "jl-tick", "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done");
  await service("ops", "jl-tock", "i=0; while :; do i=$((i+1)); echo tock $i >&2; sleep 0.1; done");
  await until(async () => (await read("ops", { services: ["jl-tick", "jl-tock"] })).length > 4, { what: "both run" });
  const query = JSON.stringify({ ...all, services: ["jl-tick", "jl-tock"], lines: 2, follow: true });
  const following = host.start("ops", ["sh", "-c", 'exec ~/probe "$@"', "sh", "read", query]);
  await until(() => following.stdout().split("\n").length > 20, { what: "twenty lines" });
  await host.asRoot(["pkill", "-TERM", "-x", "probe"]);
  await following.exited;
  expect((await host.asRoot(["pgrep", "-x", "journalctl"])).stdout).toBe("");
  const records: LogRecord[] = following
    .stdout()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  for (const name of ["tick", "tock"]) {
    const numbers = records.filter(({ service: of }) => of === `jl-${name}`).map(({ message }) => Number(message.split(" ")[1]));
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  }
  const times = records.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  await systemctl("ops", "stop", "jl-tick", "jl-tock");
});

test("a user without a journal gets an explanation", async () => {
  const limit = "/etc/systemd/journald.conf.d/test.conf";
  await host.asRoot([
    "sh",
    "-c",
    `mkdir -p $(dirname ${limit}); printf '[Journal]\\nStorage=none\\n' >${limit}; mv /var/log/journal /var/log/journal.away; systemctl restart systemd-journald`,
  ]);
  try {
    expect(await notices("ops", false)).toEqual([
      expect.objectContaining({ kind: "journal-off", what: expect.stringContaining("Storage=none") }),
    ]);
  } finally {
    await host.asRoot(["sh", "-c", `rm ${limit}; mv /var/log/journal.away /var/log/journal; systemctl restart systemd-journald`]);
  }
});

async function notices(user: User, thorough: boolean): Promise<{ kind: string }[]> {
  return JSON.parse(await probe(user, "notices", String(thorough)));
}

test("a flood is reported to a neighbour only while it lasts, and the gap is reported to members of root's groups", async () => {
  const conf = "/etc/systemd/journald.conf.d/test.conf";
  await host.asRoot([
    "sh",
    "-c",
    `mkdir -p $(dirname ${conf}); printf '[Journal]\\nRateLimitIntervalSec=10s\\nRateLimitBurst=2000\\n' >${conf}; systemctl restart systemd-journald`,
  ]);
  await service("ops", "jl-quiet", "while :; do echo here; sleep 1; done");
  for (const thorough of [false, true]) expect(await notices("ops", thorough)).toEqual([]);
  // logs gives no notice about missing lines for a range of time in which few lines were written.
  expect(await probe("ops", "gaps", String(Date.now() - 1000))).toBe("null\n");

  const startedMs = Date.now();
  await service("ops", "jl-flood", "while :; do yes 'an info line of a flood' | head -n 50000; sleep 0.1; done");
  await until(async () => (await notices("ops", true)).some(({ kind }) => kind === "journal-drops"), {
    timeoutMs: 40_000,
    what: "the notice",
  });
  await until(async () => (await notices("ops", false)).some(({ kind }) => kind === "journal-drops"), {
    timeoutMs: 40_000,
    what: "the notice in status",
  });
  await systemctl("ops", "stop", "jl-flood");
  await until(async () => (await notices("ops", true)).length === 0, { timeoutMs: 40_000, what: "the end of it" });

  expect(await probe("ops", "gaps", String(startedMs))).toContain("Lines may be missing around");
  await until(async () => (await host.asRoot(["journalctl", "-q", "-n1", "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"])).stdout !== "", {
    timeoutMs: 30_000,
    what: "journald's own word",
  });
  await host.asRoot(["usermod", "-aG", "systemd-journal", "ops"]);
  expect(await probe("ops", "gaps", String(startedMs))).toMatch(/journald dropped \d{4,} lines of this user's services/);
  expect(await probe("ops", "gaps", String(Date.now() + 60_000))).toBe("null\n");
  await systemctl("ops", "stop", "jl-quiet");
});
