// The file of PM2: what bs9 takes over from it, and what it reports because it does not.
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ecosystemServices, isEcosystem } from "../../src/service/ecosystem.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
for (const file of ["server.js", "worker.py", "my server.js"]) writeFileSync(join(folder, file), "");
afterAll(() => rmSync(folder, { recursive: true }));
const of = (exported: unknown) => ecosystemServices(exported, "ecosystem.config.js", folder);

test("bs9 takes over script, name, args, cwd, env, interpreter and max_memory_restart from a PM2 file", () => {
  const app = {
    script: "server.js",
    name: "web",
    args: "--port '3 000'",
    cwd: ".",
    env: { A: 1, B: "x", C: { d: true } },
    interpreter: "node",
    max_memory_restart: "300M",
  };
  const { services, notes } = of({ apps: [app] });
  expect(notes).toEqual([]);
  expect(services).toEqual([
    {
      entry: join(folder, "server.js"),
      input: {
        name: "web",
        args: ["--port", "3 000"],
        cwd: folder,
        env: { A: "1", B: "x", C: '{"d":true}' },
        envRemoved: [],
        memoryBytes: 300 * 1024 * 1024,
        reset: true,
        runtime: "node",
      },
    },
  ]);
});

test("an interpreter other than Node and Bun becomes the program of the service, also if the extension of the script implies it", () => {
  expect(of([{ script: "worker.py", name: "w", interpreter: "./venv/bin/python", args: ["-v", 2] }]).services).toMatchObject([
    { entry: join(folder, "venv/bin/python"), input: { args: [join(folder, "worker.py"), "-v", "2"] } },
  ]);
  expect(of([{ script: "worker.py" }]).services).toMatchObject([{ entry: "python3", input: { args: [join(folder, "worker.py")] } }]);
  expect(of({ script: "npm", args: "start", name: "n" }).services).toMatchObject([
    { entry: "npm", input: { args: ["start"], cwd: folder } },
  ]);
});

test("a script with a space in its path is a file where it exists, else a command line", () => {
  expect(of({ script: "my server.js" }).services[0]?.entry).toBe(join(folder, "my server.js"));
  expect(of({ script: "node server.js" }).services[0]?.entry).toBe("node server.js");
});

test("bs9 reports every other key of a PM2 file, and changes and reports an invalid name", () => {
  const { services, notes } = of([{ script: "server.js", name: "My API", instances: 4, exec_mode: "cluster", env_production: {} }]);
  expect(services[0]?.input.name).toBe("my-api");
  expect(notes).toEqual([
    'the app "My API" becomes the service my-api',
    "my-api: bs9 ignores these keys of the PM2 file: instances, exec_mode, env_production",
  ]);
});

test.each<[unknown, string]>([
  [{ apps: [] }, "apps"],
  [{ apps: [{ name: "web" }] }, "0.script"],
  [{ apps: [{ script: 7 }] }, "0.script"],
  [{ apps: [{ script: "a.js", max_memory_restart: "lots" }] }, "apps.0: max_memory_restart"],
  [{ apps: [{ script: "a.js", env: { "A\n": "1" } }] }, "apps.0"],
  [{ apps: [{ script: "a.js", name: "7" }] }, "apps.0"],
  [null, "apps"],
  ["x", "apps"],
])("%j is a usage error that names the place", (exported, place) => {
  expect(() => of(exported)).toThrow(place);
});

test("bs9 recognizes a PM2 file by its name", () => {
  for (const file of ["ecosystem.config.js", "x/ecosystem.config.cjs", "/a/ecosystem.json", "pm2.config.mjs", "pm2.json", "a b/pm2.json"])
    expect(isEcosystem(file)).toBe(true);
  for (const file of ["app.config.js", "ecosystem.ts", "pm2.js", "ecosystem.ts.bak", "myecosystem.config.js", "web"])
    expect(isEcosystem(file)).toBe(false);
});
