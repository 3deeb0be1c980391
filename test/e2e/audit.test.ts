// The audit before each start, and --build: a refused start writes nothing, and the effect of a build on size, start time and
// memory is measured.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, succeed, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

let it: Lab;
const names = Array.from({ length: 100 }, (_, i) => `part${i}`);

beforeAll(async () => {
  it = await lab("audit");
  await it.writeFile("ops", "evil/evil.ts", 'import { a } from "./a.ts";\na();\n');
  await it.writeFile("ops", "evil/a.ts", 'import { b } from "./deep/b.ts";\nexport const a = () => b("1");\n');
  await it.writeFile("ops", "evil/deep/b.ts", "// reads\nexport function b(text: string) {\n  return eval(text);\n}\n");
  await it.writeFile("ops", "big/package.json", "{}");
  for (const name of names) {
    const body = `// ${"a comment that a bundle leaves out ".repeat(20)}\nexport interface Shape { n: number }\nexport const ${name} = (shape: Shape): number => shape.n + 1;\n`;
    await it.writeFile("ops", `big/src/${name}.ts`, body);
  }
  const imports = names.map((name) => `import { ${name} } from "./src/${name}.ts";`).join("\n");
  const serve =
    'Bun.serve({ port: Number(process.env["PORT"]), fetch(request) {\n  if (new URL(request.url).pathname === "/boom") fail();\n  return Response.json(total); } });\nfunction fail(): never {\n  setTimeout(() => { throw new Error("boom in the bundle"); });\n  throw new Error("answered");\n}';
  await it.writeFile(
    "ops",
    "big/app.ts",
    `${imports}\nconst total = [${names.join(", ")}].reduce((n, part) => part({ n }), 0);\n${serve}\n`,
  );
}, 300_000);
afterAll(() => it.down());

test("start refuses an app with an eval two imports deep: it exits with 6, names file, line and column, and writes only to the trail", async () => {
  const files = async () => (await it.asUser("ops", ["find", ".config", ".local/share", ".local/state", "-type", "f"])).stdout.split("\n");
  const before = await files();
  const { code, stdout, stderr } = await bs9(it, "start", "evil/evil.ts");
  expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
  expect(stderr).toContain("/home/ops/evil/deep/b.ts:3:10 eval");
  expect((await files()).filter((file) => !before.includes(file)).sort()).toEqual([".config/bs9/lock", ".config/bs9/trail.jsonl"]);
  expect((await bs9(it, "status", "evil")).code).toBe(4);
});

test("bs9 audit reports the finding that made start refuse the app", async () => {
  const { code, stdout } = await bs9(it, "audit", "evil/evil.ts", "--json");
  expect(code).toBe(6);
  expect(JSON.parse(stdout)).toMatchObject({
    critical: [{ rule: "eval", file: "/home/ops/evil/deep/b.ts", line: 3, column: 10 }],
    warning: [],
  });
  expect((await bs9(it, "audit", "big/app.ts")).code).toBe(0);
});

test("--force starts a service in spite of a critical finding, and a later restart does not need it again", async () => {
  const forced = await bs9(it, "start", "evil/evil.ts", "--force", "--wait", "0", "--json");
  expect(forced.code).toBe(0);
  expect(JSON.parse(forced.stdout)).toMatchObject([{ name: "evil", findings: [{ severity: "critical", rule: "eval" }] }]);
  expect((await bs9(it, "restart", "evil")).code).toBe(0);
  await bs9(it, "delete", "evil", "--yes");
});

test("a running service whose source has a critical finding now is not restarted", async () => {
  await it.writeFile("ops", "turn/turn.ts", "setInterval(() => {}, 1000);\n");
  await bs9(it, "start", "turn/turn.ts");
  const { pid } = await statusOf(it, "turn");
  await it.writeFile("ops", "turn/turn.ts", 'eval("1");\n');
  expect((await bs9(it, "restart", "turn")).code).toBe(6);
  expect((await statusOf(it, "turn")).pid).toBe(pid);
  await bs9(it, "delete", "turn", "--yes");
});

test("start --build of an app with 100 files reports size, start time and memory before and after bundling", async () => {
  const { code, stdout } = await bs9(it, "start", "big/app.ts", "--name", "big", "--port", "4120", "--build", "--json");
  expect(code).toBe(0);
  const [{ gain }] = JSON.parse(stdout);
  expect(gain.files).toBe(101);
  const bytes = Number(succeed(await it.asUser("ops", ["sh", "-c", "cat big/app.ts big/src/*.ts | wc -c"]), "wc").stdout);
  expect(gain.bytes.before).toBe(bytes);
  expect(gain.bytes.after).toBeLessThan(bytes);
  for (const figure of [gain.startMs.before, gain.startMs.after]) expect(figure).toBeGreaterThan(0);
  const { memoryBytes } = await statusOf(it, "big");
  expect(Math.abs((memoryBytes ?? 0) - gain.memoryBytes.after) / gain.memoryBytes.after).toBeLessThan(0.5);
  expect(await fetchIn<number>(it, 4120, "/")).toBe(100);
  expect(
    (await it.asUser("ops", ["sh", "-c", "tr '\\0' ' ' </proc/$(systemctl --user show -p MainPID --value big)/cmdline"])).stdout,
  ).toContain(".local/share/bs9/builds/big/");
});

test("a stack trace of a service from start --build names the line of the source", async () => {
  await it.fetch({ port: 4120, path: "/boom" });
  await until(async () => /boom in the bundle[\s\S]*app\.ts:107/.test((await bs9(it, "logs", "big", "-n", "100")).stdout), {
    what: "the stack names app.ts",
  });
});

test("a failed build does not affect the running service", async () => {
  await until(async () => (await statusOf(it, "big")).ready, { what: "big runs" });
  const { pid } = await statusOf(it, "big");
  await it.writeFile("ops", "big/src/part7.ts", 'import { nothing } from "./not-there.ts";\nexport const part7 = nothing;\n');
  const { code, stderr } = await bs9(it, "start", "big/app.ts", "--name", "big", "--build");
  expect({ code, told: stderr.includes("not-there") }).toEqual({ code: 1, told: true });
  expect((await statusOf(it, "big")).pid).toBe(pid);
});
