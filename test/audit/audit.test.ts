// The audit of real files: how imports are resolved, what is counted, where it stops.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { audit } from "../../src/audit/audit.ts";
import type { Report } from "../../src/audit/finding.ts";
import { defaultLimits } from "../../src/audit/project.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "bs9-audit-")));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

/** Creates a project directory with these files. */
function project(files: Record<string, string | Uint8Array>): string {
  const root = join(base, String(count++));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(root, name), content, { mode: 0o644 });
  }
  return root;
}

async function auditOf(
  files: Record<string, string | Uint8Array>,
  entry = "app.ts",
  limits = defaultLimits,
): Promise<Report & { root: string }> {
  const root = project(files);
  return { ...(await audit(join(root, entry), root, limits)), root };
}

/** The findings as `rule file:line:column`, with paths relative to the root. */
function places({ critical, warning, root }: Report & { root: string }): string[] {
  return [...critical, ...warning].map(({ rule, file, line, column }) => `${rule} ${file.replace(`${root}/`, "")}:${line}:${column}`);
}

const evil = "\n\n  eval(input);\n";

describe("imports", () => {
  const ways: [what: string, files: Record<string, string>, place?: string][] = [
    ["two levels deep", { "app.ts": `import "./a.ts"`, "a.ts": `import "./lib/b.ts"`, "lib/b.ts": evil }, "lib/b.ts"],
    ["without an extension", { "app.ts": `import "./a"`, "a.mts": evil }, "a.mts"],
    ["of a directory", { "app.ts": `import "./lib"`, "lib/index.tsx": evil }, "lib/index.tsx"],
    [
      "a directory with a slash beside a file of that name",
      { "app.ts": `import "./lib/"`, "lib.ts": "", "lib/index.js": evil },
      "lib/index.js",
    ],
    ["of .", { "lib/app.ts": `import "."`, "app.ts": `import "./lib/app"`, "lib/index.ts": evil }, "lib/index.ts"],
    [
      "of a folder with a package.json",
      { "app.ts": `import "./lib"`, "lib/package.json": `{"main": "src/main"}`, "lib/src/main.js": evil },
      "lib/src/main.js",
    ],
    [".js that is .ts", { "app.ts": `import "./a.js"`, "a.ts": evil }, "a.ts"],
    ["with a query", { "app.ts": `import "./a.ts?x=1"`, "a.ts": evil }, "a.ts"],
    ["by require", { "app.ts": `const a = require("./a")`, "a.cjs": evil }, "a.cjs"],
    ["by import()", { "app.ts": `await import("./" + "a.ts")\nawait import("./a.ts")`, "a.ts": evil }, "a.ts"],
    ["by import() of an assembled text", { "app.ts": `const n = "a"; await import("./" + n + ".ts")`, "a.ts": evil }, "a.ts"],
    ["by import =", { "app.ts": `import a = require("./a")`, "a.ts": evil }, "a.ts"],
    ["by export from", { "app.ts": `export { a } from "./a"`, "a.ts": evil }, "a.ts"],
    ["by export *", { "app.ts": `export * from "./a"`, "a.ts": evil }, "a.ts"],
    ["by new Worker", { "app.ts": `new Worker(new URL("./a.ts", import.meta.url))`, "a.ts": evil }, "a.ts"],
    ["as a macro", { "app.ts": `import { a } from "./a.ts" with { type: "macro" }`, "a.ts": evil }, "a.ts"],
    [
      "by paths of tsconfig.json",
      { "app.ts": `import "@/a"`, "tsconfig.json": `{ /* x */ "compilerOptions": {"paths": {"@/*": ["./src/*"]}} }`, "src/a.ts": evil },
      "src/a.ts",
    ],
    [
      "by baseUrl of tsconfig.json",
      { "app.ts": `import "src/a"`, "tsconfig.json": `{"compilerOptions": {"baseUrl": "."}}`, "src/a.ts": evil },
      "src/a.ts",
    ],
    [
      "by imports of package.json",
      {
        "app.ts": `import "#lib/a"`,
        "package.json": `{"imports": {"#lib/*": {"types": "./x.ts", "default": "./src/*.ts"}}}`,
        "src/a.ts": evil,
      },
      "src/a.ts",
    ],
    ["of a name with odd characters", { "app.ts": `import "./ä \\n\\"'.ts"`, "ä \n\"'.ts": evil }, "ä \n\"'.ts"],
    ["as a type", { "app.ts": `import type { A } from "./a"; export type { B } from "./a"`, "a.ts": evil }],
    ["as text", { "app.ts": `import a from "./a.ts" with { type: "text" }`, "a.ts": evil }],
    ["in a comment", { "app.ts": `// import "./a"\n/* require("./a") */`, "a.ts": evil }],
    ["of a missing file", { "app.ts": `import "./b"; try { require("./c") } catch {}` }],
    ["of a package", { "app.ts": `import "evil"`, "node_modules/evil/index.js": evil }],
    ["of a file in node_modules", { "app.ts": `import "./node_modules/evil/index.js"`, "node_modules/evil/index.js": evil }],
  ];
  for (const [what, files, place] of ways) {
    test(what, async () => expect(places(await auditOf(files))).toEqual(place === undefined ? [] : [`eval ${place}:3:3`]));
  }
});

describe("through other files", () => {
  const run = `import { run } from "./a"; run(command)`;
  const at = "exec app.ts:1:28";
  const ways: [what: string, expected: string[], files: Record<string, string>][] = [
    ["re-exported", [at], { "app.ts": run, "a.ts": `export { exec as run } from "child_process"` }],
    ["imported and exported", [at], { "app.ts": run, "a.ts": `import { exec } from "child_process"; export { exec as run }` }],
    ["as a constant", [at], { "app.ts": run, "a.ts": `import cp from "child_process"; export const run = cp.execSync` }],
    ["destructured", [at], { "app.ts": run, "a.ts": `export const { exec: run } = require("child_process")` }],
    [
      "promisified",
      [at],
      {
        "app.ts": run,
        "a.ts": `import { exec } from "child_process"; import { promisify } from "util"; export const run = promisify(exec)`,
      },
    ],
    ["by CommonJS", [at], { "app.ts": run, "a.js": `module.exports = { run: require("child_process").exec }` }],
    ["by exports.run", [at], { "app.ts": run, "a.js": `exports.run = require("child_process").exec` }],
    [
      "through two files",
      [at],
      { "app.ts": run, "a.ts": `export * from "./b"`, "b.ts": `export { exec as run } from "node:child_process"` },
    ],
    [
      "by a cycle",
      [at],
      {
        "app.ts": run,
        "a.ts": `export * from "./b"; export * from "./c"`,
        "b.ts": `export * from "./a"; export * from "./b"`,
        "c.ts": `export { exec as run } from "child_process"; export * from "./a"`,
      },
    ],
    [
      "export * of the module",
      ["exec app.ts:1:29"],
      { "app.ts": `import { exec } from "./a"; exec(command)`, "a.ts": `export * from "child_process"` },
    ],
    [
      "as a namespace",
      ["exec app.ts:1:31"],
      { "app.ts": `import * as tools from "./a"; tools.run(command)`, "a.ts": `export { exec as run } from "child_process"` },
    ],
    [
      "export * as",
      ["exec app.ts:1:27"],
      { "app.ts": `import { cp } from "./a"; cp.exec(command)`, "a.ts": `export * as cp from "child_process"` },
    ],
    [
      "as the default",
      ["exec app.ts:1:22"],
      { "app.ts": `import a from "./a"; a(command)`, "a.ts": `import { exec } from "child_process"; export default exec` },
    ],
    [
      "in an object",
      ["exec app.ts:1:22"],
      {
        "app.ts": `import a from "./a"; a.tools.run(command)`,
        "a.ts": `import { exec } from "child_process"; export default { tools: { run: exec } }`,
      },
    ],
    [
      "by require",
      ["exec app.ts:1:1"],
      { "app.ts": `require("./a").run(command)`, "a.js": `module.exports.run = require("child_process").exec` },
    ],
    [
      "promisified here",
      ["exec app.ts:1:28"],
      {
        "app.ts": `import { run } from "./a"; require("util").promisify(run)(command)`,
        "a.ts": `export { exec as run } from "child_process"`,
      },
    ],
    ["eval", [at.replace("exec", "eval")], { "app.ts": run, "a.ts": `export const run = eval` }],
    ["with a literal", [], { "app.ts": `import { run } from "./a"; run("ls")`, "a.ts": `export { exec as run } from "child_process"` }],
    [
      "another export",
      [],
      {
        "app.ts": `import { other } from "./a"; other(command)`,
        "a.ts": `export { exec as run } from "child_process"; export const other = 1`,
      },
    ],
    ["another function of that name", [], { "app.ts": run, "a.ts": `export const run = (x) => x` }],
  ];
  for (const [what, expected, files] of ways) test(what, async () => expect(places(await auditOf(files))).toEqual(expected));

  test("a comment at the call allows the use of a dangerous function of another file", async () => {
    const files = {
      "app.ts": `import { run } from "./a";\nrun(command) // bs9-allow exec: ours`,
      "a.ts": `export { exec as run } from "child_process"`,
    };
    expect(places(await auditOf(files))).toEqual([]);
  });
});

describe("report", () => {
  test("the report counts source files, each package once, and files that only use fs", async () => {
    const { files, packages, fsOnly } = await auditOf({
      "app.ts": `import "./a"; import "./b"; import "zod"; import "zod/v4"; import { x } from "@a/b/c"; import "node:http"; import "bun:sqlite"`,
      "a.ts": `import { readFile } from "node:fs/promises"; import { join } from "node:path"; import "zod"`,
      "b.ts": `import fs from "fs"; import { spawn } from "child_process"`,
    });
    // zod may act on more than files, so a.ts does not count as fs only.
    expect({ files, packages, fsOnly }).toEqual({ files: 3, packages: 2, fsOnly: 0 });
  });

  test("the report counts a file whose only use of the system is fs", async () => {
    expect(await auditOf({ "app.ts": `import fs from "fs"; fs.rmSync(dir); import { join } from "path"` })).toMatchObject({ fsOnly: 1 });
  });

  test("a package that is linked from the workspace is read, and a package in the store of a package manager is not", async () => {
    const root = project({
      "app.ts": `import "mine"; import "mine/part"; import "stored"`,
      "packages/mine/package.json": `{"exports": {".": {"bun": "./src/index.ts"}, "./part": "./part.ts"}}`,
      "packages/mine/src/index.ts": evil,
      "packages/mine/part.ts": evil,
      "node_modules/.store/stored/index.js": evil,
    });
    symlinkSync("../packages/mine", join(root, "node_modules/mine"));
    symlinkSync(".store/stored", join(root, "node_modules/stored"));
    const report = await audit(join(root, "app.ts"), root);
    expect(places({ ...report, root })).toEqual(["eval packages/mine/part.ts:3:3", "eval packages/mine/src/index.ts:3:3"]);
    expect(report.packages).toBe(1);
  });

  test("an entry inside node_modules counts as a package and is not read", async () => {
    const { files, packages, critical } = await auditOf({ "node_modules/evil/cli.js": evil }, "node_modules/evil/cli.js");
    expect({ files, packages, critical }).toEqual({ files: 0, packages: 1, critical: [] });
  });
});

describe("unusual files", () => {
  test("an import cycle is read once and ends", async () => {
    const report = await auditOf({ "app.ts": `import "./a"; import "./app"`, "a.ts": `import "./app";${evil}` });
    expect(places(report)).toEqual(["eval a.ts:3:3"]);
    expect(report.files).toBe(2);
  });

  test("a file of 10 MB is reported as not read", async () => {
    const report = await auditOf({ "app.ts": `import "./a";${evil}`, "a.ts": "x;".repeat(5 * 1024 * 1024) });
    expect(places(report)).toEqual(["eval app.ts:3:3", "unread a.ts:1:1"]);
    expect(report.warning[0]?.message).toContain("10485760 bytes");
  });

  test("a binary file is reported as not read", async () => {
    const bytes = new Uint8Array(1000).map((_, at) => (at * 7919) % 256);
    expect(places(await auditOf({ "app.ts": `import "./a.js"`, "a.js": bytes }))).toEqual(["unread a.js:1:1"]);
    expect((await auditOf({ "app.ts": bytes })).warning[0]?.message).toContain("binary");
  });

  test("a source file that contains a zero byte is read", async () => {
    expect(places(await auditOf({ "app.ts": `// \0\neval(input)` }))).toEqual(["eval app.ts:2:1"]);
  });

  test("files beyond the limits on number, bytes and time are reported as not read", async () => {
    const files = { "app.ts": `import "./a"; import "./b"`, "a.ts": "", "b.ts": evil };
    expect(places(await auditOf(files, "app.ts", { ...defaultLimits, files: 2 }))).toEqual(["unread b.ts:1:1"]);
    expect(places(await auditOf(files, "app.ts", { ...defaultLimits, totalBytes: 20 }))).toEqual(["unread a.ts:1:1"]);
    expect(places(await auditOf(files, "app.ts", { ...defaultLimits, milliseconds: -1 }))).toEqual(["unread app.ts:1:1"]);
  });

  test("a FIFO and a device are reported and do not block the audit", async () => {
    const root = project({ "app.ts": `import "./pipe.ts"; import "./null.ts"` });
    expect(Bun.spawnSync(["mkfifo", join(root, "pipe.ts")]).exitCode).toBe(0);
    symlinkSync("/dev/zero", join(root, "null.ts"));
    const report = await audit(join(root, "app.ts"), root);
    expect(report.warning.map(({ rule, file }) => `${rule} ${file}`)).toContain(`unread ${root}/pipe.ts`);
    expect(report.files).toBe(1);
  });

  test("symbolic links in a loop do not keep the audit from ending", async () => {
    const root = project({ "app.ts": `import "./loop"; import "./loop.ts"; import "./a/a/a/b"`, "b.ts": evil });
    symlinkSync("loop.ts", join(root, "loop.ts"));
    symlinkSync(".", join(root, "a"));
    expect(places({ ...(await audit(join(root, "app.ts"), root)), root })).toEqual(["eval b.ts:3:3"]);
  });

  test("a directory named like a file, and an empty file, give no finding", async () => {
    expect(places(await auditOf({ "app.ts": `import "./a.ts"; import "./b"`, "a.ts/x.txt": "", "b.ts": "" }))).toEqual([]);
  });

  test("the audit of a file with endless chains of names and keys ends without a finding", async () => {
    const code = `const a = { __proto__: { constructor: 1 }, ["__proto__"]: 2 }; a.__proto__.x(1); import * as b from "./app"; b.__proto__(1); b.constructor.x(2);`;
    expect(places(await auditOf({ "app.ts": code }))).toEqual([]);
  });

  const tangled: [what: string, code: string][] = [
    ["a long chain of calls", `a${".b()".repeat(20_000)}\n;eval(x)`],
    ["a long sum", `f(${"a+".repeat(20_000)}a)\n;eval(x)`],
    ["deep blocks", `${"{".repeat(1000)}f()${"}".repeat(1000)}\n;eval(x)`],
    ["deep functions", `${"(()=>".repeat(500)}1${")".repeat(500)}\n;eval(x)`],
    [
      "constants that double",
      `const a0 = "x";${Array.from({ length: 60 }, (_, at) => `const a${at + 1} = a${at} + a${at};`).join("")}f[a60](1)\n;eval(x)`,
    ],
    [
      "names that all hold each other",
      `${Array.from({ length: 40 }, (_, at) => `let v${at};`).join("")}${Array.from({ length: 1600 }, (_, at) => `v${at % 40} = v${Math.floor(at / 40)};`).join("")}v3(1)\n;eval(x)`,
    ],
    [
      "tables that hold themselves",
      `const t = { get a() { return t }, b: 1 }; t.t = t; const u = { ...t, u: 1 }; let w = { ...u }; w = { ...w }; w.a.b.c[d](1)\n;eval(x)`,
    ],
    ["a long chain of names", `${Array.from({ length: 3000 }, (_, at) => `const v${at + 1} = v${at};`).join("")}v3000(1)\n;eval(x)`],
    ["a long chain of conditions", `(${"a ? b : ".repeat(2000)}c)(1)\n;eval(x)`],
    ["text that is almost a token", `// ${"eyJaaaaaaaaaaaa-".repeat(50_000)}\n;eval(x)`],
  ];
  for (const [what, code] of tangled) {
    test(what, async () => {
      const began = performance.now();
      const report = await auditOf({ "app.ts": code });
      expect(performance.now() - began).toBeLessThan(8000);
      expect(report.critical.map(({ rule }) => rule)).toEqual(["eval"]);
    });
  }

  test("the audit reports more findings than a JavaScript call can have arguments", async () => {
    const { critical, warning } = await auditOf({ "app.ts": "eval(a);\n".repeat(200_000) });
    expect([critical.length, warning.length]).toEqual([200_000, 0]);
  });

  test("a missing entry is an error", async () => {
    await expect(audit(join(base, "nothing.ts"), base)).rejects.toMatchObject({ name: "Bs9Error", code: "failed" });
  });
});

describe("writable by everybody", () => {
  test("a file and a directory that everybody can write are reported", async () => {
    const root = project({ "lib/app.ts": `import "./a"`, "lib/a.ts": "" });
    chmodSync(join(root, "lib"), 0o777);
    chmodSync(join(root, "lib/a.ts"), 0o666);
    expect(places({ ...(await audit(join(root, "lib/app.ts"), root)), root })).toEqual([
      "world-writable lib:1:1",
      "world-writable lib/a.ts:1:1",
    ]);
  });

  test("a directory with the sticky bit is not reported", async () => {
    const root = project({ "lib/app.ts": "" });
    chmodSync(join(root, "lib"), 0o1777);
    expect(places({ ...(await audit(join(root, "lib/app.ts"), root)), root })).toEqual([]);
  });

  test("the target of a directory link and the directory that contains the link are checked", async () => {
    const root = project({ "releases/1/app.ts": "", "current/x": "" });
    chmodSync(join(root, "releases/1"), 0o757);
    chmodSync(join(root, "current"), 0o757);
    symlinkSync("../releases/1", join(root, "current/now"));
    expect(places({ ...(await audit(join(root, "current/now/app.ts"), root)), root })).toEqual([
      "world-writable current:1:1",
      "world-writable current/now:1:1",
      "world-writable releases/1:1:1",
    ]);
  });
});

test("findings are sorted by file, line and column, and listed once", async () => {
  const report = await auditOf({
    "app.ts": `import "./b"; import "./a";\nnew Function(x); eval(y)\nimport cp from "child_process"; cp[z ? "exec" : "execSync"](c)`,
    "a.ts": `eval(x); eval(y)`,
    "b.ts": `eval(x)`,
  });
  expect(places(report)).toEqual([
    "eval a.ts:1:1",
    "eval a.ts:1:10",
    "function-constructor app.ts:2:1",
    "eval app.ts:2:18",
    "exec app.ts:3:33",
    "eval b.ts:1:1",
  ]);
  expect(Object.keys(report.critical[0] ?? {})).toEqual(["rule", "message", "file", "line", "column"]);
});

test("10,000 lines are audited in a small part of the time limit for a project", async () => {
  const lines = Array.from(
    { length: 1200 },
    (_, at) => `
export async function work${at}(input: { name: string; size?: number }, list: string[] = []): Promise<number> {
  const { name, size = ${at} } = input;
  let total = 0;
  for (const item of list) {
    if (item.startsWith(name) && size > 3) total += item.length * 2;
    else total -= Number.parseInt(item, 10) || 0;
  }
  console.log(\`\${name}: \${total} of \${list.map((part) => part.trim()).join(", ")}\`, { size, deep: [1, 2] });
  return total; }`,
  );
  const text = lines.join("");
  expect(text.split("\n").length).toBeGreaterThan(10_000);
  const files = { "app.ts": text + evil };
  const root = project(files);
  const began = performance.now();
  const { critical } = await audit(join(root, "app.ts"), root);
  expect(performance.now() - began).toBeLessThan(8000);
  expect(critical).toHaveLength(1);
});
