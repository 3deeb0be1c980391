// Values of the user arrive unchanged: random difficult strings, compared with what a real process received.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, type Outcome, until } from "../harness.ts";
import { bs9 } from "./bs9.ts";

const rounds = 12;
const seed = Number(process.env["BS9_SEED"] ?? Date.now() % 1_000_000);

/** What `start` prints beside its answer where nothing is wrong. */
const onlyWhatIsOpen = /^dump can write in [^\n]+\n$/;

let it: Lab;
beforeAll(async () => {
  it = await lab("quoting");
  // Without a runtime in between: the strings that the kernel received, byte for byte.
  await it.writeFile(
    "ops",
    "dump/dump",
    '#!/bin/sh\ncat "/proc/$$/cmdline" >cmdline.part; cat "/proc/$$/environ" >environ; mv cmdline.part cmdline; exec sleep 1000\n',
    "755",
  );
}, 300_000);
afterAll(() => it.down());

const nasty = [
  "",
  " ",
  "  lead and trail  ",
  "\n",
  "a\nb\n",
  "\t",
  "\r",
  '"',
  "'",
  "\\",
  "\\n",
  "`id`",
  "$HOME",
  "${HOME}",
  "$$",
  "%h",
  "%%",
  "%n %i",
  "{}",
  ";",
  "#",
  "-x",
  "--",
  "=",
  "*",
  "~",
  "@",
  "😀",
  "ünï",
  "\u00a0",
  "\x01\x02\x1b[31m",
  "\x7f",
  "\ufeff",
  "日本語",
  "a=b",
  "|&<>()",
  "!!",
  "\\x41",
  "\\101",
];
const noncharacter = "\uffff";

/** Mulberry32: the same strings for the same seed. */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function text(next: () => number): string {
  return Array.from({ length: 1 + Math.floor(next() * 4) }, () => nasty[Math.floor(next() * nasty.length)]).join("");
}

async function received(name: string): Promise<{ argv: string[]; env: Map<string, string> }> {
  const read = async (file: string): Promise<string[]> => {
    const { stdout } = await it.asUser("ops", ["base64", "-w0", `dump/${file}`]);
    return Buffer.from(stdout, "base64").toString("utf8").split("\0").slice(0, -1);
  };
  await until(async () => (await it.asUser("ops", ["test", "-e", "dump/cmdline"])).code === 0, { what: `${name} has written what it got` });
  const entries = (await read("environ")).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  return { argv: (await read("cmdline")).slice(2), env: new Map(entries) };
}

async function roundTrip(args: string[], env: Record<string, string>): Promise<Outcome> {
  await it.asUser("ops", ["rm", "-f", "dump/cmdline", "dump/environ"]);
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  return bs9(it, "start", "dump/dump", "--name", "dump", "--wait", "0", "--reset", ...variables, "--", ...args);
}

test.each(Array.from({ length: rounds }, (_, i) => i))(
  `arguments and environment arrive as given (seed ${seed}, round %d)`,
  async (round) => {
    const next = random(seed + round);
    const args = Array.from({ length: 8 }, () => text(next));
    const env = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`V${i}`, `${text(next)}x`]));
    const outcome = await roundTrip(args, env);
    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: expect.stringMatching(onlyWhatIsOpen) });
    const got = await received("dump");
    expect(got.argv).toEqual(args);
    for (const [name, value] of Object.entries(env)) expect([name, got.env.get(name)]).toEqual([name, value]);
  },
);

test("each difficult string arrives unchanged as an argument or a variable of its own", async () => {
  const env = Object.fromEntries(nasty.filter(Boolean).map((value, i) => [`N${i}`, value]));
  await roundTrip(nasty, env);
  const got = await received("dump");
  expect(got.argv).toEqual(nasty);
  for (const [name, value] of Object.entries(env)) expect([name, got.env.get(name)]).toEqual([name, value]);
});

test("variables that shells usually set themselves arrive unchanged", async () => {
  const env = {
    PWD: "/a b",
    OLDPWD: "'x'",
    IFS: ":,",
    SHLVL: "7",
    LD_LIBRARY_PATH: "/nowhere/$ORIGIN",
    ENV: "/x",
    PS4: "$(id)",
    LANG: "C",
  };
  await roundTrip([], env);
  const got = await received("dump");
  // The script runs in a shell that sets its own values, so the strings that the kernel received are compared.
  for (const [name, value] of Object.entries(env)) expect([name, got.env.get(name)]).toEqual([name, value]);
});

test("a Unicode noncharacter in an argument arrives unchanged", async () => {
  await roundTrip([noncharacter, `a${noncharacter}b`], {});
  expect((await received("dump")).argv).toEqual([noncharacter, `a${noncharacter}b`]);
});

test("100 KB in a variable and in an argument arrive unchanged", async () => {
  const big = "x\n$%\"'\\😀".repeat(9000);
  await roundTrip([big], { BIG: big });
  const got = await received("dump");
  expect(got.argv[0] === big).toBe(true);
  expect(got.env.get("BIG") === big).toBe(true);
});

test("15 variables with 1.5 MB together arrive unchanged", async () => {
  const env = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`M${i}`, `${i}`.padEnd(100_000, '$\\"`\n')]));
  await it.writeFile(
    "ops",
    "much.env",
    Object.entries(env)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(""),
  );
  await it.asUser("ops", ["rm", "-f", "dump/cmdline", "dump/environ"]);
  expect(await bs9(it, "start", "dump/dump", "--name", "dump", "--wait", "0", "--reset", "--env-file", "much.env")).toMatchObject({
    code: 0,
  });
  const got = await received("dump");
  for (const [name, value] of Object.entries(env)) expect(got.env.get(name) === value).toBe(true);
});

test("start refuses values that cannot be passed to a process, with the reason", async () => {
  const huge = "x".repeat(131_072);
  await it.writeFile("ops", "huge.env", `HUGE=${huge}\n`);
  const outcome = await bs9(it, "start", "dump/dump", "--name", "dump", "--reset", "--env-file", "huge.env");
  expect({ code: outcome.code, told: outcome.stderr.includes("the kernel accepts at most 131072") }).toEqual({ code: 1, told: true });
  const many = Array.from({ length: 20 }, (_, i) => `M${i}=${"y".repeat(110_000)}`).join("\n");
  await it.writeFile("ops", "many.env", many);
  const all = await bs9(it, "start", "dump/dump", "--name", "dump", "--reset", "--env-file", "many.env");
  expect({ code: all.code, told: all.stderr.includes("or at most 2000000") || all.stderr.includes("at most 2000000") }).toEqual({
    code: 1,
    told: true,
  });
});

test.each(["with space", 'quote"d', "per%cent", "dol$lar", "col:on", "😀", "single'quote", "semi;colon #hash", "dash-", "{brace}"])(
  "a project in a directory with the difficult name %j runs",
  async (folder) => {
    await it.writeFile("ops", `paths/${folder}/my app.ts`, 'await Bun.write("ran.txt", process.cwd()); setInterval(() => {}, 1000);\n');
    const outcome = await bs9(it, "start", `paths/${folder}/my app.ts`, "--name", "pathed", "--reset");
    expect({ code: outcome.code, error: outcome.stderr.includes("error") }).toEqual({ code: 0, error: false });
    expect(outcome.stdout).toContain("sandbox effective");
    expect((await it.asUser("ops", ["cat", `paths/${folder}/ran.txt`])).stdout).toBe(`/home/ops/paths/${folder}`);
    await bs9(it, "delete", "pathed", "--yes");
  },
);

test("an executable whose path contains a backslash runs, and a script for Bun with such a path is refused with the reason", async () => {
  await it.writeFile("ops", "paths/back\\slash/run", "#!/bin/sh\npwd >ran.txt; exec sleep 1000\n", "755");
  expect(await bs9(it, "start", "paths/back\\slash/run", "--name", "pathed", "--reset")).toMatchObject({ code: 0 });
  expect((await it.asUser("ops", ["cat", "paths/back\\slash/ran.txt"])).stdout).toBe("/home/ops/paths/back\\slash\n");
  await bs9(it, "delete", "pathed", "--yes");
  await it.writeFile("ops", "paths/back\\slash/app.ts", "1");
  const { code, stderr } = await bs9(it, "start", "paths/back\\slash/app.ts", "--name", "pathed");
  expect({ code, told: stderr.includes("reads a backslash") }).toEqual({ code: 1, told: true });
});

test("a newline in the path is refused with the reason", async () => {
  await it.writeFile("ops", "paths/new\nline/app.ts", "1");
  const { code, stderr } = await bs9(it, "start", "paths/new\nline/app.ts", "--name", "pathed");
  expect({ code, told: stderr.includes("control character") }).toEqual({ code: 1, told: true });
});
