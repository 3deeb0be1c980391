// Defaults of options with the built bs9: a flag overrides a variable, which overrides the file; a mistake stops nothing that
// runs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Status } from "../../src/status/schema.ts";
import { type Lab, lab } from "../harness.ts";

let it: Lab;
const file = ".config/bs9/config.toml";
const bs9 = (argv: string[], env: Record<string, string> = {}) => it.asUser("ops", ["bs9", ...argv], { env });
const start = (name: string, argv: string[] = [], env: Record<string, string> = {}) =>
  bs9(["start", "web/app.ts", "--name", name, ...argv], env);

async function status(name: string): Promise<Status> {
  const [found] = JSON.parse((await bs9(["status", name, "--json"])).stdout) as Status[];
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

beforeAll(async () => {
  it = await lab("dcconfig");
  await it.writeFile(
    "ops",
    "web/app.ts",
    'for (const port of [4733, 4731]) Bun.serve({ port, reusePort: true, fetch: () => new Response("ok") });\nawait Bun.write("/dev/null", "");\n',
  );
  await it.writeFile("ops", file, '# mine\n[start]\nmemory = "256M"\ntasks = 200\nfiles = 4096\n');
}, 300_000);
afterAll(() => it.down());

test("a flag overrides a variable, which overrides the file, which overrides the built-in default", async () => {
  expect((await start("web", ["--tasks", "100"], { BS9_TASKS: "150", BS9_FILES: "2048" })).code).toBe(0);
  const { limits } = await status("web");
  expect([limits.memoryBytes?.value, limits.tasks?.value, limits.files?.value]).toEqual([256 * 1024 * 1024, 100, 2048]);
});

test("config --show names the origin of each value", async () => {
  const { stdout } = await bs9(["config", "--show"], { BS9_TASKS: "150" });
  expect(stdout).toMatch(/^SETTING +VALUE +FROM\n/);
  expect(stdout).toMatch(/\nmemory +256M +\/home\/ops\/.config\/bs9\/config.toml:3\n/);
  expect(stdout).toMatch(/\ntasks +150 +variable BS9_TASKS\n/);
  expect(stdout).toMatch(/\nrestart +on-failure +built-in\n/);
  expect(JSON.parse((await bs9(["config", "--schema"])).stdout)).toMatchObject({ type: "object" });
  expect((await bs9(["config", "--check"])).code).toBe(0);
});

test("a port that was not given is found automatically: the lowest free one", async () => {
  expect((await status("web")).port).toBe(4731);
  expect((await bs9(["describe", "web"])).stdout).toMatch(/port +4731 \(found\)/);
  await bs9(["stop", "web"]);
  expect((await status("web")).port).toBeNull();
  await bs9(["start", "web"]);
});

test("a mistake is named by line and field, and stops nothing that runs", async () => {
  await it.writeFile("ops", file, '[start]\nmemory = "256M"\nsandbox = "hard"\n');
  const words = `/home/ops/${file}:3: start.sandbox: sandbox must be one of standard, strict, off (got 'hard')`;
  const refused = await start("web2");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain(words);
  expect(await bs9(["config", "--check"])).toMatchObject({ code: 1, stdout: `${words}\n` });
  for (const argv of [["status"], ["restart", "web"], ["logs", "web", "-n", "1"], ["stop", "web"]]) {
    const { code, stderr } = await bs9(argv);
    expect({ argv, code }).toEqual({ argv, code: 0 });
    expect(stderr).toContain(words);
  }
});
