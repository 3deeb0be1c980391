// The table of disguises that the audit recognizes, and of innocent programs that it accepts; each row is a test.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { audit } from "../../src/audit/audit.ts";
import type { Rule } from "../../src/audit/finding.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "bs9-disguise-")));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

async function findingsIn(code: string, file = "app.ts"): Promise<{ critical: Rule[]; warning: Rule[]; messages: string[] }> {
  const path = join(base, String(count++), file);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, code, { mode: 0o644 });
  const { critical, warning } = await audit(path, dirname(path));
  const rules = (found: typeof critical) => [...new Set(found.map(({ rule }) => rule))];
  return { critical: rules(critical), warning: rules(warning), messages: warning.map(({ message }) => message) };
}

const cp = `import * as cp from "node:child_process";\n`;
// Assembled here, so that scanners for secrets do not report this file.
const body = "4eC39HqLyjWDarjtT1zdp7dc";

const disguises: [rule: Rule, what: string, code: string, file?: string][] = [
  ["eval", "import of a data: address", `await import("data:text/javascript,run()")`],
  ["eval", "import of a data: address that is put together", "await import(`data:text/javascript,${code}`)"],
  ["eval", "import of a data: address in base64", `await import("data:text/javascript;base64," + btoa(code))`],
  [
    "eval",
    "import of a data: address whose scheme is a constant",
    `const scheme = "data:"; await import(scheme + "text/javascript," + code)`,
  ],
  ["eval", "static import of a data: address", `import run from "data:text/javascript,export default 1"; run()`],
  ["eval", "worker with eval", `import { Worker } from "node:worker_threads"; new Worker(code, { eval: true })`],
  ["eval", "worker with eval in a constant", `const options = { eval: !0 }; new (require("worker_threads").Worker)(code, options)`],
  ["eval", "worker of a data: address", `new Worker(new URL("data:text/javascript," + code))`],
  ["eval", "worker of a blob", `new Worker(URL.createObjectURL(new Blob([code])))`],
  [
    "eval",
    "worker of a blob in a variable",
    `const blob = new Blob([code]); const url = URL.createObjectURL(blob); const w = new Worker(url)`,
  ],
  ["eval", "import of a blob", `const { createObjectURL: address } = URL; await import(address(new Blob([code])))`],
  ["eval", "setTimeout with a text", `setTimeout("run()", 10)`],
  ["eval", "setInterval with a text that is put together", `globalThis.setInterval("run(" + input + ")", 10)`],
  ["eval", "vm.runInNewContext", `import vm from "vm"; vm.runInNewContext(code, {})`],
  ["eval", "vm.runInThisContext by a computed key", `require("node:vm")["runInThis" + "Context"](code)`],
  ["eval", "vm.runInContext by a name of its own", `import { runInContext as go } from "node:vm"; go(code, context)`],
  ["eval", "vm.Script", `import { Script } from "node:vm"; new Script(code).runInThisContext()`],
  ["eval", "vm.compileFunction", `const { compileFunction } = await import("node:vm"); compileFunction(code)()`],
  ["eval", "Module._compile", `import Module from "node:module"; new Module("x")._compile(code, "x.js")`],
  ["eval", "module._compile", `module._compile(code, "x.js")`, "app.cjs"],
  ["eval", "_compile of the module's constructor", `module.constructor.prototype._compile.call(module, code, "x.js")`, "app.cjs"],
  ["eval", "a destructured key that is put together", `const { ["ev" + "al"]: run } = globalThis; run(code)`],
  ["eval", "a destructured key in a constant", `const key = "eval"; const { [key]: run } = globalThis; run(code)`],
  ["eval", "a key with escapes", String.raw`globalThis["\x65v\u0061l"](code)`],
  ["eval", "a name with escapes", String.raw`\u0065val(code)`],
  ["eval", "a key joined from a list", `globalThis[["ev", "al"].join("")](code)`],
  ["eval", "a key turned around", `globalThis["lave".split("").reverse().join("")](code)`],
  ["eval", "a key of character codes", `globalThis[String.fromCharCode(101, 118, 97, 108)](code)`],
  ["eval", "a key in base64", `globalThis[atob("ZXZhbA==")](code)`],
  ["eval", "a key in an object", `const names = { run: "eval" }; globalThis[names.run](code)`],
  ["eval", "a key in a template", 'const a = "ev"; globalThis[`${a}al`](code)'],
  ["eval", "Reflect.get", `Reflect.get(globalThis, "ev" + "al")(code)`],
  ["eval", "a parameter of a declared function", `function work(run) { run(code) } const e = [eval]; work(e[0])`],
  ["eval", "a list that calls each", `[eval].forEach((run) => run(code))`],
  ["eval", "a method that hands it out", `class Tools { get() { return eval } } new Tools().get()(code)`],
  ["function-constructor", "a generator's constructor", `const G = Object.getPrototypeOf(function* () {}).constructor; new G(code)`],
  ["function-constructor", "the prototype's constructor", `Function.prototype.constructor(code)`],
  ["function-constructor", "a key put together twice", `const c = "const" + "ructor"; ""[c][c](code)`],
  ["function-constructor", "a subclass", `new (class extends Function {})(code)`],
  ["exec", "Object.assign", `${cp}const tools = {}; Object.assign(tools, cp); tools.exec(command)`],
  ["exec", "a destructured key that only running tells", `${cp}const { [name]: run } = cp; run(command)`],
  ["exec", "import of a name in base64", `const m = await import(atob("Y2hpbGRfcHJvY2Vzcw==")); m.execSync(command)`],
  ["native", "process.binding", `process.binding("spawn_sync").spawn(options)`],
  ["native", "process.binding by a computed key", `const { ["bind" + "ing"]: load } = process; load("spawn_sync")`],
  ["native", "process.dlopen", `import { dlopen } from "node:process"; dlopen(module, "/tmp/a.node")`],
  ["native", "bun:ffi", `import { dlopen } from "bun:ffi"; dlopen("libc.so.6", symbols)`],
  ["native", "cc of bun:ffi", `const ffi = require("bun:ffi"); ffi.cc({ source: "./a.c" })`],
  ["shell", "sh -c in Bun.$", "await Bun.$`sh -c ${command}`"],
  ["shell", "bash -lc in $ of bun", 'import { $ } from "bun"; await $`cd ${dir} && /bin/bash -lc "ls ${name}"`'],
  ["shell", "spawn of sh with its list in a constant", `${cp}const list = ["-c", script]; cp.spawn("/bin/" + "sh", list)`],
  ["env-in-command", "added to a command", `${cp}let line = "ls "; line += process.env.DIR; cp.spawn(line, [])`],
  ["secret", "a token joined with +", `const a = "sk_live_" + "${body}"`],
  ["secret", "a token joined from three", `const a = "gh" + "p_${body}" + "${body}"`],
  ["secret", "a token with escapes", String.raw`const a = "\x73k_live_${body}"`],
  ["secret", "a token in a template of constants", `const start = "sk_live_"; const a = \`\${start}${body}\``],
  ["secret", "a password joined with +", `const password = "hunt" + "er22"`],
];

const innocents: [what: string, code: string, file?: string][] = [
  ["a server", `Bun.serve({ port: process.env.PORT, fetch: (request) => Response.json({ url: request.url }) })`],
  ["import of a file of one's own choice", `const plugin = await import(name); plugin.default()`],
  ["import of JSON", `const { default: config } = await import("./config.json", { with: { type: "json" } })`],
  ["an address of a picture", `const picture = "data:image/png;base64,AAAA"; img.src = picture; await fetch("data:text/plain,x")`],
  ["worker of a file", `new Worker(new URL("./worker.ts", import.meta.url)); new Worker("./worker.ts", { type: "module" })`],
  ["worker without eval", `import { Worker } from "node:worker_threads"; new Worker(file, { eval: false, workerData: 1 })`],
  ["worker of one's own", `class Worker { constructor(code, options) {} } new Worker(code, { eval: true })`],
  ["a blob to download", `const link = URL.createObjectURL(new Blob([text])); a.href = link; URL.revokeObjectURL(link)`],
  ["setTimeout with functions", `setTimeout(work, 10, "x"); setTimeout(() => run("x")); setInterval(this.tick.bind(this), 5)`],
  ["setTimeout of one's own", `const clock = { setTimeout(what) {} }; clock.setTimeout("x"); function f(setTimeout) { setTimeout("x") }`],
  ["setTimeout of a promise", `import { setTimeout } from "node:timers/promises"; await setTimeout(10)`],
  ["vm that is a machine", `import vm from "./vm.ts"; vm.runInContext(code); new vm.Script(code)`],
  ["runInContext of lodash", `import _ from "lodash"; _.runInContext(context)`],
  ["_compile of one's own", `class Template { _compile(text) { return text } render(text) { return this._compile(text) } }`],
  ["createRequire", `import { createRequire } from "node:module"; const { version } = createRequire(import.meta.url)("./package.json")`],
  ["a key of the global object", `const has = globalThis[name] !== undefined; globalThis["fet" + "ch"](url)`],
  ["destructured keys", `const { [name]: first, ["a" + "b"]: second } = options; first(second)`],
  ["texts that speak of eval", `console.log("never use eval" + "(x)", ["new", "Function"].join(" "))`],
  ["binding that is a method", `const button = { binding(x) {} }; button.binding(1); socket.process.binding(1)`],
  ["process used as usual", `process.on("SIGTERM", stop); process.nextTick(work); process.chdir(dir); process.kill(pid, 0)`],
  ["a database", `import { Database } from "bun:sqlite"; const db = new Database("a.db"); db.exec("create " + name); db.run(sql)`],
  ["Bun.$ with values", "await Bun.$`git log ${branch} --format=${format}`; await Bun.$`ls | wc -l`"],
  ["Bun.$ with a script that does not vary", "await Bun.$`sh -c 'ls | wc -l'`"],
  ["Bun.$ with parameters of a script", "await Bun.$`sh -c 'ls \"$1\"' sh ${dir}`; await Bun.$`sh deploy.sh -c ${file}`"],
  ["Bun.$ with a program named like a shell", "await Bun.$`ssh -c ${cipher} ${host}`; await Bun.$`tar -c ${dir}`"],
  ["spawn of git", `${cp}const list = ["log", "-c", branch]; cp.spawn("git", list, { cwd, env: process.env })`],
  ["exec of literals", `${cp}cp.exec("uname -a", (error, out) => console.log(out)); cp.execSync("df -h", { encoding: "utf8" })`],
  ["classes and their constructors", `class A { clone() { return new this.constructor(this.x) } } const B = a.constructor; new B(1)`],
  ["a prototype's method", `const name = Object.prototype.toString.call(x); Function.prototype.apply.call(f, null, list)`],
  ["a table of functions", `const table = { run, stop }; table[name]?.(input); Object.values(table).map((f) => f())`],
  ["addresses put together", `const url = "https://" + host + "/x"; const db = "postgres://" + user + ":" + pass + "@" + host`],
  ["a token that is read", `const prefix = "sk_live_"; if (key.startsWith(prefix + "a")) use(key)`],
  [
    "texts with escapes",
    String.raw`const a = "\u00e9t\u00e9 \x1b[1m" + "\n" + name; const password = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022"`,
  ],
  ["decoding", `const text = atob(input); const data = Buffer.from(input, "base64").toString("utf8"); JSON.parse(text + data)`],
  ["promises", `read().then(JSON.parse).then((value) => run(value)).catch(report).finally(close)`],
  [
    "CommonJS",
    `const fs = require("fs"); module.exports = { read: (p) => fs.readFileSync(p) }; exports.run = () => require("./" + name)`,
    "app.cjs",
  ],
];

describe("the audit finds a disguised dangerous call", () => {
  test("the table tests at least 40 disguises", () => expect(disguises.length).toBeGreaterThanOrEqual(40));
  for (const [rule, what, code, file] of disguises) {
    test(`${rule}: ${what}`, async () => {
      const { critical, warning } = await findingsIn(code, file);
      expect([...critical, ...warning]).toEqual([rule]);
      expect(critical.length).toBe(["shell", "env-in-command", "secret"].includes(rule) ? 0 : 1);
    });
  }
});

describe("the audit accepts an innocent program", () => {
  test("the table tests at least 32 innocent programs", () => expect(innocents.length).toBeGreaterThanOrEqual(32));
  for (const [what, code, file] of innocents) {
    test(what, async () => expect(await findingsIn(code, file)).toEqual({ critical: [], warning: [], messages: [] }));
  }
});

const fixtures = join(import.meta.dir, "../fixtures/audit");
const fixture = (name: string) => readFileSync(join(fixtures, `${name}.txt`), "utf8");

describe("a bundle of an app whose libraries use new Function passes with warnings", () => {
  const expected: { critical: Rule[]; warning: Rule[] } = { critical: [], warning: ["function-constructor", "native"] };

  // The output of esbuild 0.28 for the app below.
  test.each(["esbuild-esm.js", "esbuild-cjs.js", "esbuild-esm.min.js", "esbuild-cjs.min.js"])("%s", async (name) => {
    const { messages, ...rules } = await findingsIn(fixture(name), name);
    expect(rules).toEqual(expected);
    for (const message of messages) expect(message).toContain("only a warning");
  });

  test.each([
    ["bun", false],
    ["bun", true],
    ["node", false],
    ["node", true],
  ] as const)("Bun for %s, minified: %p", async (target, minify) => {
    const root = join(base, String(count++));
    const files = { "app.ts": "app.ts", "src/greet.ts": "greet.ts" };
    for (const [path, name] of Object.entries({
      ...files,
      "node_modules/schema/index.js": "schema.js",
      "node_modules/template/index.js": "template.js",
    })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), fixture(name));
    }
    const built = await Bun.build({ entrypoints: [join(root, "app.ts")], target, minify });
    const { messages, ...rules } = await findingsIn((await built.outputs[0]?.text()) ?? "", "bundle.js");
    expect(rules).toEqual(expected);
    for (const message of messages) expect(message).toContain("only a warning");
    expect((await audit(join(root, "app.ts"), root)).critical).toEqual([]);
  });
});

describe("the audit reduces critical findings to warnings only in generated code", () => {
  const evil = "new Function(code);\n";
  const generated: [what: string, code: string][] = [
    ["a head that says so", `// Code generated by protoc-gen-es. DO NOT EDIT.\n${evil}`],
    ["@generated in a block", `/**\n * @generated by a tool\n */\n${evil}`],
    ["a minified line", `${"a.b(1);".repeat(100)}${evil}`],
    ["a bundle's comment", `// node_modules/x/index.js\nvar x = ${evil}`],
  ];
  for (const [what, code] of generated) {
    test(`a warning: ${what}`, async () =>
      expect(await findingsIn(code)).toMatchObject({ critical: [], warning: ["function-constructor"] }));
  }

  const written: [what: string, code: string][] = [
    ["the word further down", `${evil}// DO NOT EDIT\n// @generated`],
    ["the word in a text", `const head = "DO NOT EDIT";\n${evil}`],
    ["a long line elsewhere", `const table = "${"ab12".repeat(1000)}";\n${evil}`],
    ["a comment that speaks of node_modules", `// see node_modules/x for why\n${evil}`],
  ];
  for (const [what, code] of written) {
    test(`critical: ${what}`, async () => expect(await findingsIn(code)).toMatchObject({ critical: ["function-constructor"] }));
  }
});
