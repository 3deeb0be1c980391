// Typical apps, each started with its shortest command: each works completely under the default sandbox, and no write is lost.
// All of them run at the same time, in one lab.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Lab, lab, type Outcome, succeed, until } from "../harness.ts";
import { bunPrefix, nodePrefix, prepareApps } from "./apps.ts";
import { fetchIn, statusOf } from "./bs9.ts";

const { folder: apps, node, cc } = await prepareApps();
if (node === null) console.log("skipped: the apps on Node, which is not on this machine's PATH");
if (cc === null) console.log("skipped: the apps in C, for which this machine has no compiler");

const home = "/home/ops";
const bare = `${home}/.local/bin:/usr/local/bin:/usr/bin:/bin`;
const withNode = `${home}/${nodePrefix}/bin:${bare}`;
const withBun = `${home}/${bunPrefix}/bin:${bare}`;

type App = {
  /** The name of the service: its default name, unless the arguments of `start` set another. */
  name: string;
  /** The directory in which `bs9 start` is called, and its arguments. */
  folder: string;
  start: string[];
  /** The port of the app; null if the app listens on no port. */
  port: number | null;
  answer: string;
  path?: string;
  /** The paths of attempts.cjs to which the app can write; by default all except the home directory itself. */
  writes?: string[] | "none";
};

/** The project, its cache and its own /tmp are writable. */
const kept = ["uploads/one.txt", `${home}/.cache/tool/one.txt`, "/tmp/NAME.txt"];
const preview = ["--", "preview", "--host", "--port"];

const everywhere: App[] = [
  { name: "express-app", folder: "express", start: ["server.js"], port: 4701, answer: "hello from express of express-app" },
  { name: "fastify-app", folder: "fastify", start: ["src/server.ts"], port: 4702, answer: "hello from fastify of fastify-app" },
  { name: "hono-app", folder: "hono", start: ["index.js"], port: 4703, answer: "hello from hono of hono-app on lo" },
  { name: "worker", folder: "worker", start: ["worker.js"], port: null, answer: "" },
  { name: "python", folder: "python", start: ["python3", "--", "app.py"], port: 4706, answer: "of python, prefix /usr" },
  {
    name: "venv",
    folder: "venv",
    // The environment is outside the project; the app works in the directory of the caller.
    start: ["../venvs/snake/bin/python", "--port", "4716", "--", "app.py"],
    port: 4716,
    answer: `of venv, prefix ${home}/venvs/snake`,
  },
  { name: "processes", folder: "processes", start: ["app.ts"], port: 4709, answer: '"hello"' },
  { name: "cluster", folder: "processes", start: ["cluster.ts"], port: 4710, answer: "of cluster" },
  { name: "api", folder: "monorepo/apps/api", start: ["server.js"], port: 4712, answer: "hello from monorepo of api!" },
  {
    name: "released",
    folder: "deploy",
    start: ["current/server.js"],
    port: 4713,
    answer: "hello from a release of released",
    // The uploads of a release are outside its directory.
    writes: kept.slice(1),
  },
  {
    name: "linked",
    folder: "linked/app",
    start: ["server.js", "--name", "linked", "--port", "4714"],
    port: 4714,
    answer: "hello from monorepo of linked!",
  },
  {
    name: "vite",
    folder: "vite",
    start: ["node_modules/.bin/vite", "--runtime", "bs9", "--port", "4715", ...preview, "4715"],
    port: 4715,
    answer: "<title>hello from vite",
    writes: "none",
  },
  {
    name: "on-bun",
    folder: "processes",
    start: ["app.ts", "--name", "on-bun", "--runtime", "bun", "--port", "4717"],
    port: 4717,
    answer: '"hello"',
    path: withBun,
  },
];
const onNode: App[] = [
  { name: "site", folder: "static", start: ["npm", "--", "start"], port: 4704, answer: "hello from a static site", path: withNode },
  {
    name: "nvm-app",
    folder: "nvm",
    start: ["server.js", "--runtime", "node"],
    port: 4711,
    answer: `hello from ${home}/${nodePrefix}/bin/node of nvm-app`,
    path: withNode,
  },
  {
    name: "n-vite",
    folder: "vite",
    start: ["node_modules/.bin/vite", "--name", "n-vite", "--port", "4718", ...preview, "4718"],
    port: 4718,
    answer: "<title>hello from vite",
    path: withNode,
    writes: "none",
  },
];
const inC: App[] = [
  {
    name: "compiled",
    folder: "compiled",
    start: ["./server"],
    port: 4707,
    answer: "hello from a program of compiled",
    writes: ["one.txt"],
  },
  { name: "addon-app", folder: "addon", start: ["server.js"], port: 4708, answer: "hello from an addon of addon-app" },
];
const all = [...everywhere, ...(node === null ? [] : onNode), ...(cc === null ? [] : inC)];

let it: Lab;
const started = new Map<string, Outcome>();
beforeAll(async () => {
  it = await lab("ap", { folder: apps });
  await inHome("cp -r /src/. . && mkdir venv venvs && cp python/app.py venv && python3 -m venv --without-pip venvs/snake");
  for (const { name, folder, start, path } of all) started.set(name, await bs9In(folder, ["start", ...start], path));
}, 300_000);
afterAll(() => it.down());

describe.each(all)("$name", ({ name, folder, port, answer, writes = kept }) => {
  test("the app works completely when it is started with its shortest command", async () => {
    const { stdout, stderr } = started.get(name) ?? { stdout: "", stderr: "it was not started" };
    expect(stdout, stderr).toMatch(new RegExp(`^${name} started \\(pid \\d+, ready in .*, sandbox effective\\)\n$`));
    if (port === null) return;
    await until(async () => (await textIn(port)).includes(answer), { what: `${name} answers` });
    expect(await statusOf(it, name)).toMatchObject({ state: "active", sandbox: "effective", port, restarts: 0 });
  });

  test.skipIf(writes === "none")("loses no write", async () => {
    const file = `${home}/${folder}/writes.json`;
    const tried = port === null ? JSON.parse(await inHome(`cat ${file}`)) : await fetchIn<Record<string, string>>(it, port, "/writes");
    const root = folder === "deploy" ? `${home}/deploy/releases/20260102` : `${home}/${folder}`;
    const expected = [...writes].map((path) => (path.startsWith("/") ? path.replace("NAME", name) : `${root}/${path}`)).sort();
    const written = Object.keys(tried).filter((path) => tried[path] === "written");
    expect(written.sort()).toEqual(expected);
    for (const [path, outcome] of Object.entries(tried)) if (!written.includes(path)) expect([path, outcome]).toEqual([path, refusal]);
    const onDisk = written.filter((path) => !path.startsWith("/tmp/"));
    for (const path of onDisk.map((one) => one.replace(`${home}/.cache/`, `${home}/.local/state/bs9/cache/${name}/`)))
      expect([path, await inHome(`cat '${path}'`)]).toEqual([path, name]);
  });
});
/** The errors with which a forbidden write may fail, so that the app can report it. */
const refusal = expect.stringMatching(/^E(ROFS|ACCES|PERM|NOENT|EXIST)$|^refused$/);

test.each(["python", "venv"])("output of Python appears in the log of %s at once", async (name) => {
  const printed = async () => (await bs9In(".", ["logs", name])).stdout.includes(`printed by ${name}`);
  await until(printed, { what: `a line of ${name}` });
});

describe("an app on the runtime of bs9", () => {
  type Answer = { sum: number; argv: string[]; bun: string; env: Record<string, string>; grandchild: string; spawned: string };
  const port = 4709;
  const noTrace = (environment: unknown) => expect(JSON.stringify(environment)).not.toMatch(/BUN_|NODE_CHANNEL/);

  test("child_process.fork() in an app passes messages both ways, arguments and the exit status", async () => {
    const { answer, code } = await fetchIn<{ answer: Answer; code: number }>(it, port, "/fork");
    expect(answer).toMatchObject({ sum: 42, argv: ["one", "two words"] });
    expect(code).toBe(3);
    noTrace([answer.env, answer.grandchild, answer.spawned]);
    expect(answer.grandchild).toContain("SERVICE_NAME=processes");
  });
  test("worker_threads work", async () => {
    const answer = await fetchIn<Answer>(it, port, "/worker");
    expect(answer.sum).toBe(42);
    noTrace([answer.env, answer.grandchild, answer.spawned]);
  });
  test("process.execPath of an app starts Bun", async () => {
    const answer = await fetchIn<Answer>(it, port, "/spawn");
    expect(answer).toMatchObject({ sum: 42, bun: Bun.version });
    noTrace(answer.env);
  });
  test("another program that the app starts finds no variable of bs9 or Bun in its environment", async () =>
    noTrace(await fetchIn(it, port, "/env")));
  test("two processes of an app serve one port through node:cluster", async () => {
    const seen = new Set<string>();
    await until(async () => seen.add(await textIn(4710)).size === 2, { what: "both processes have answered" });
    expect([...seen].sort()).toEqual(["hello from 1 of cluster", "hello from 2 of cluster"]);
  });
});

test("all apps restart together, and answer again as new processes", async () => {
  const pids = async () => new Map((await statuses()).map(({ name, pid }) => [name, pid]));
  const before = await pids();
  succeed(await bs9In(".", ["restart", "all"]), "restart all");
  for (const [name, pid] of await pids()) expect([name, pid === null || pid === before.get(name)]).toEqual([name, false]);
  for (const { name, port, answer } of all)
    if (port !== null) await until(async () => (await textIn(port)).includes(answer), { what: `${name} answers again` });
}, 300_000);

test("deleted apps leave neither a listener nor a cache, not even one without permissions", async () => {
  await inHome("chmod 0 .local/state/bs9/cache/express-app/tool");
  succeed(await bs9In(".", ["delete", "all", "--yes"]), "delete all");
  expect(await statuses()).toEqual([]);
  expect((await it.asRoot(["ss", "-ltnH", "sport >= :4700 and sport <= :4720"])).stdout).toBe("");
  expect((await it.asUser("ops", ["ls", ".local/state/bs9/cache"])).stdout).toBe("");
  // The files that they wrote into their projects still exist.
  expect(await inHome("cat express/uploads/one.txt")).toBe("express-app");
}, 300_000);

async function statuses(): Promise<{ name: string; pid: number | null }[]> {
  return JSON.parse((await bs9In(".", ["status", "--json"])).stdout);
}

async function textIn(port: number): Promise<string> {
  return (await it.fetch({ port })).text;
}

function bs9In(folder: string, argv: string[], path = bare): Promise<Outcome> {
  return it.asUser("ops", ["sh", "-c", 'cd "$1" && shift && exec bs9 "$@"', "sh", folder, ...argv], { env: { PATH: path } });
}

async function inHome(script: string): Promise<string> {
  return succeed(await it.asUser("ops", ["sh", "-c", script], { timeoutMs: 120_000 }), script).stdout;
}
