// Apps as people have them: frameworks from the registry, Python and C, linked packages, Node under ~/.nvm, processes of
// their own. Each starts under the default sandbox, whole, answers, and can be restarted and deleted.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Lab, lab, type Outcome, succeed, until } from "../harness.ts";
import { bunPrefix, nodePrefix, prepareApps } from "./apps.ts";
import { fetchIn, statusOf } from "./bs9.ts";

const { folder: apps, noPackages, node } = await prepareApps();
if (noPackages !== null) console.log(`skipped: the apps from the registry; their packages cannot be installed here: ${noPackages}`);
if (node === null) console.log("skipped: the apps on Node, which is not on this machine's PATH");

const venv = "venvs/web";
const home = "/home/ops";
const bare = `${home}/.local/bin:/usr/local/bin:/usr/bin:/bin`;
const withNode = `${home}/${nodePrefix}/bin:${bare}`;
const withBun = `${home}/${bunPrefix}/bin:${bare}`;

let it: Lab;
beforeAll(async () => {
  it = await lab("ap", { folder: apps });
  await inHome(`cp -r /src/. . && python3 -m venv --without-pip ${venv}`);
}, 300_000);
afterAll(() => it.down());

type Case = {
  name: string;
  /** Where `bs9 start` is called, and with what; PORT and a leading .bin stand for what they say. */
  folder: string;
  start: string[];
  answer: string | RegExp;
  path?: string;
};
let nextPort = 4500;

describe.skipIf(noPackages !== null)("from the registry, on the bs9 runtime, with no Node on the PATH", () => {
  const preview = ["--", "preview", "--port", "PORT", "--host", "127.0.0.1"];
  works([
    { name: "express", folder: "express", start: ["server.js"], answer: "hello from express of express" },
    { name: "hono", folder: "hono", start: ["index.js"], answer: "hello from hono of hono" },
    { name: "vite", folder: "vite", start: [".bin/vite", "--runtime", "bs9", ...preview], answer: "<title>hello from vite" },
    {
      name: "next",
      folder: "next",
      start: [".bin/next", "--runtime", "bs9", "--", "start", "-p", "PORT"],
      answer: /hello from next of (<!-- -->)?next</,
    },
    { name: "workspace", folder: "hoisted/apps/api", start: ["server.js"], answer: "hello from monorepo of workspace!" },
    { name: "isolated", folder: "isolated/apps/api", start: ["server.js"], answer: "hello from monorepo of isolated!" },
    { name: "linked", folder: "linked/app", start: ["server.js"], answer: "hello from monorepo of linked!" },
  ]);
});

describe.skipIf(noPackages !== null || node === null)("from the registry, on Node as nvm installs it", () => {
  const preview = ["--", "preview", "--port", "PORT", "--host", "127.0.0.1"];
  const onNode = (cases: Omit<Case, "path">[]) => works(cases.map((one) => ({ ...one, path: withNode })));
  onNode([
    { name: "n-express", folder: "express", start: ["server.js", "--runtime", "node"], answer: "hello from express of n-express" },
    { name: "n-npm", folder: "express", start: ["npm", "--", "run", "start"], answer: "hello from express of n-npm" },
    { name: "n-vite", folder: "vite", start: [".bin/vite", ...preview], answer: "<title>hello from vite" },
    { name: "n-next", folder: "next", start: [".bin/next", "--", "start", "-p", "PORT"], answer: /hello from next of (<!-- -->)?n-next</ },
    {
      name: "n-workspace",
      folder: "hoisted/apps/api",
      start: ["server.js", "--runtime", "node"],
      answer: "hello from monorepo of n-workspace!",
    },
    {
      name: "n-isolated",
      folder: "isolated/apps/api",
      start: ["server.js", "--runtime", "node"],
      answer: "hello from monorepo of n-isolated!",
    },
    { name: "n-linked", folder: "linked/app", start: ["server.js", "--runtime", "node"], answer: "hello from monorepo of n-linked!" },
  ]);
});

describe("in other languages, and on Bun", () => {
  works([
    { name: "python", folder: "python", start: ["python3", "--", "app.py"], answer: "hello from python of python, prefix /usr" },
    { name: "python-script", folder: "python", start: ["./app.py"], answer: "hello from python of python-script, prefix /usr" },
    {
      name: "python-venv",
      folder: "python",
      start: [`../${venv}/bin/python`, "--cwd", ".", "--", "app.py"],
      answer: `of python-venv, prefix ${home}/${venv}`,
    },
    { name: "compiled", folder: "compiled", start: ["./server"], answer: "hello from a program of compiled" },
    { name: "bun", folder: "processes", start: ["app.ts", "--runtime", "bun"], path: withBun, answer: '"hello"' },
  ]);
});

describe("with processes and threads of their own, on the bs9 runtime", () => {
  type Answer = { sum: number; argv: string[]; bun: string; env: Record<string, string>; grandchild: string; spawned: string };
  const port = 4600;
  const noTrace = (environment: unknown) => expect(JSON.stringify(environment)).not.toMatch(/BUN_|NODE_CHANNEL/);

  beforeAll(async () => {
    succeed(await bs9In("processes", ["start", "app.ts", "--name", "processes", "--port", String(port)]), "start processes");
  });

  test("fork: messages both ways, arguments, exit status", async () => {
    const { answer, code } = await fetchIn<{ answer: Answer; code: number }>(it, port, "/fork");
    expect(answer).toMatchObject({ sum: 42, argv: ["one", "two words"] });
    expect(code).toBe(3);
    noTrace([answer.env, answer.grandchild, answer.spawned]);
    expect(answer.grandchild).toContain("SERVICE_NAME=processes");
  });
  test("worker_threads", async () => {
    const answer = await fetchIn<Answer>(it, port, "/worker");
    expect(answer.sum).toBe(42);
    noTrace([answer.env, answer.grandchild, answer.spawned]);
  });
  test("a child of process.execPath is Bun too", async () => {
    const answer = await fetchIn<Answer>(it, port, "/spawn");
    expect(answer).toMatchObject({ sum: 42, bun: Bun.version });
    noTrace(answer.env);
  });
  test("a child of another program gets the environment of the app", async () => noTrace(await fetchIn(it, port, "/env")));
  test("cluster: two processes serve one port", async () => {
    succeed(await bs9In("processes", ["start", "cluster.ts", "--name", "cluster", "--port", "4601"]), "start cluster");
    const seen = new Set<string>();
    await until(async () => seen.add(await textIn(4601)).size === 2, { what: "both processes have answered" });
    expect([...seen].sort()).toEqual(["hello from 1 of cluster", "hello from 2 of cluster"]);
    expect(await statusOf(it, "cluster")).toMatchObject({ sandbox: "effective" });
  });
});

function works(cases: Case[]): void {
  for (const { name, folder, start, answer, path } of cases) {
    const port = nextPort++;
    test(`${name} starts, answers, restarts and goes`, async () => {
      const words = start.map((word) => word.replace("PORT", String(port)).replace(/^\.bin\//, "node_modules/.bin/"));
      const [entry, ...rest] = words;
      const started = await bs9In(folder, ["start", entry ?? "", "--name", name, "--port", String(port), ...rest], path);
      expect(started.stdout, started.stderr).toMatch(new RegExp(`^${name} started \\(pid \\d+, ready in .*, sandbox effective\\)\n$`));
      expect(await textIn(port)).toMatch(answer);
      const { pid, sandbox } = await statusOf(it, name);
      expect(sandbox).toBe("effective");
      expect((await bs9In(folder, ["restart", name])).code).toBe(0);
      expect((await statusOf(it, name)).pid).not.toBe(pid);
      expect(await textIn(port)).toMatch(answer);
      expect((await bs9In(folder, ["delete", name, "--yes"])).code).toBe(0);
      expect((await bs9In(folder, ["status", name])).code).toBe(4);
      await expect(it.fetch({ port })).rejects.toThrow("does not answer");
    });
  }
}

async function textIn(port: number): Promise<string> {
  return (await it.fetch({ port })).text;
}

function bs9In(folder: string, argv: string[], path = bare): Promise<Outcome> {
  return it.asUser("ops", ["sh", "-c", 'cd "$1" && shift && exec bs9 "$@"', "sh", folder, ...argv], { env: { PATH: path } });
}

async function inHome(script: string): Promise<void> {
  succeed(await it.asUser("ops", ["sh", "-c", script], { timeoutMs: 120_000 }), script);
}
