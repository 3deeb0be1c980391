// The apps of test/lab/inject.test.ts, and the two places in its lab where they run: on systemd and on the supervisor.
import type { Description } from "../../src/lifecycle/describe.ts";
import type { Status } from "../../src/status/schema.ts";
import { type Lab, lab, type Outcome, succeed, until } from "../harness.ts";
import { parseCsv } from "../storage/parsers.ts";

const config = '[metrics]\ninterval = "1s"\n\n[health]\ninterval = "1s"\ntimeout = "500ms"\nunhealthy-after = 2\n';
const app = `
const fill = () => {
  const { writeFileSync, mkdirSync, rmSync } = require("node:fs");
  const place = process.env["BS9_INJECT_DIR"] + "/more";
  const attempts = [
    () => writeFileSync(place, Buffer.alloc(1024 * 1024)),
    () => { for (let i = 0; i < 2000; i++) mkdirSync(place + i); },
  ];
  return attempts.map((attempt) => {
    try { attempt(); return "written"; } catch ({ code }) { return code; } finally { rmSync(place, { recursive: true, force: true }); }
  });
};
Bun.serve({ port: Number(process.env["PORT"]), fetch: ({ url }) => {
  const { pathname } = new URL(url);
  if (pathname === "/env") return Response.json(process.env);
  if (pathname === "/fill") return Response.json(fill());
  return new Response("", { status: pathname.includes("/boom") ? 500 : 200 });
} });
`;
const nodeApp = 'require("node:http").createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT);\n';
/** Replaces its socket by a FIFO, as an app may do that cleans up directories. */
const breaking = `${app}
const { readdirSync, rmSync } = require("node:fs");
setInterval(() => {
  const dir = process.env["BS9_INJECT_DIR"];
  for (const name of readdirSync(dir)) rmSync(dir + "/" + name, { force: true });
  Bun.spawnSync(["mkfifo", dir + "/" + process.pid + ".sock"]);
}, 100);
`;
const picky = `if (process.env["BS9_INJECT_DIR"] !== undefined) throw new Error("I run alone");\n${app}`;
/** Writes down each request that has reached it, and answers 300 to 900 ms later. */
const slow = `
const { appendFileSync } = require("node:fs");
let count = 0;
const answer = async () => {
  const id = process.pid + ":" + ++count;
  appendFileSync("began", id + "\\n");
  await Bun.sleep(300 + 600 * Math.random());
  return id;
};
const port = Number(process.env["PORT"]);
require("node:http").createServer(async (_, response) => response.end(await answer())).listen(port + 1);
Bun.serve({ port, fetch: async () => new Response(await answer()) });
`;
const apps = { web: app, strict: app, off: app, older: app, without: app, breaks: breaking, picky, slow };

type Kind = { backend: "systemd" | "supervisor"; env: Record<string, string>; port: number; home: string };
export const places: Kind[] = [
  { backend: "systemd", env: {}, port: 4700, home: "/home/ops/own" },
  { backend: "supervisor", env: { BS9_BACKEND: "supervisor", BS9_HOME: "/home/ops/sup" }, port: 4800, home: "/home/ops/supervised" },
];

/** The commands of a user on one backend. */
export function placeOn({ backend, env, port, home }: Kind, it: Lab) {
  const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
  const bs9 = (...argv: string[]) => it.asUser("ops", ["bs9", ...argv], { env });
  const described = async (name: string) => JSON.parse(succeed(await bs9("describe", name, "--json"), "describe").stdout) as Description;
  const exported = async (name: string) => parseCsv((await bs9("export", "--format", "csv", "--service", name)).stdout);
  return {
    backend,
    port,
    home,
    bs9,
    sh,
    described,
    exported,
    /** A process that serves no HTTP makes its socket a second after its start. */
    inForce: (name: string) =>
      until(
        async () => {
          const found = await described(name);
          return found.preload.why === null ? found : null;
        },
        { what: `the preload of ${name} answers` },
      ),
    statusOf: async (name: string) => JSON.parse((await bs9("status", name, "--json")).stdout)[0] as Status,
    sumOf: async (name: string, column: string) => (await exported(name)).reduce((sum, row) => sum + Number(row[column] ?? 0), 0),
    load: (at: number, path: string) => sh(`curl -s -o /dev/null --fail-early 'http://127.0.0.1:${at}/${path}'`),
    start: (name: keyof typeof apps, at: number, ...more: string[]): Promise<Outcome> =>
      bs9("start", `${home}/${name}/app.ts`, "--name", name, "--port", String(at), ...more),
  };
}
export type Place = ReturnType<typeof placeOn>;

export async function injectLab(): Promise<Lab> {
  const it = await lab("inject", { keepNode: true });
  await Promise.all([
    ...[".config/bs9", "sup/config"].map((folder) => it.writeFile("ops", `${folder}/config.toml`, config)),
    ...places.flatMap(({ home }) => [
      ...Object.entries(apps).map(([name, text]) => it.writeFile("ops", `${home}/${name}/app.ts`, text)),
      it.writeFile("ops", `${home}/npm/server.cjs`, nodeApp),
      it.writeFile("ops", `${home}/npm/package.json`, '{"name": "npm", "scripts": {"start": "node server.cjs && true"}}\n'),
    ]),
  ]);
  return it;
}

/** Removes from the spec of a service what a bs9 without the preload did not write. */
export async function makeOlder({ backend, sh }: Place, name: string, it: Lab): Promise<void> {
  // The supervisor has a copy of the spec in its record.
  const files =
    backend === "systemd" ? [`.config/bs9/services/${name}.json`] : [`sup/config/services/${name}.json`, `sup/state/services/${name}.json`];
  for (const file of files) {
    const { stdout } = await sh(`cat ${file}`);
    const text = JSON.stringify(JSON.parse(stdout, (key, value) => (key === "inject" ? undefined : value)));
    await it.writeFile("ops", file, `${text}\n`, "600");
  }
}
