// The table of code with and without warnings; each row is a test.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are source text
import { describe, expect, test } from "bun:test";
import { applyAllowances } from "../../src/audit/allow.ts";
import { type Found, isRule, type Rule } from "../../src/audit/finding.ts";
import { inspectSource } from "../../src/audit/inspect.ts";
import { loadParser } from "../../src/audit/parse.ts";

const parse = await loadParser();

function findingsIn(code: string, file = "case.ts"): Found[] {
  const reading = inspectSource(code, file, parse);
  return applyAllowances(reading.found, reading.allowances);
}

const cp = `import cp, { exec, execSync, spawn, execFile } from "node:child_process";\n`;
// Assembled here, so that scanners for secrets do not report this file.
const body = "4eC39HqLyjWDarjtT1zdp7dcAbCdEf0123456789";

const found: [rules: Rule[], what: string, code: string, file?: string][] = [
  [["exec", "env-in-command"], "process.env in a template", `${cp}exec(\`ls \${process.env.DIR}\`)`],
  [["exec", "env-in-command"], "process.env concatenated", `${cp}execSync("ls " + process.env["DIR"])`],
  [["exec", "env-in-command"], "process.env as the command", `${cp}exec(process.env.COMMAND!)`],
  [["exec", "env-in-command"], "Bun.env", `${cp}exec("ls " + Bun.env.DIR)`],
  [["exec", "env-in-command"], "import.meta.env", `${cp}exec("ls " + import.meta.env.DIR)`],
  [["exec", "env-in-command"], "env of node:process", `${cp}import { env } from "node:process"; exec("ls " + env.DIR)`],
  [["exec", "env-in-command"], "destructured", `${cp}const { DIR } = process.env; exec("ls " + DIR)`],
  [["exec", "env-in-command"], "by a constant and a fallback", `${cp}const dir = process.env.DIR ?? "."; const c = "ls " + dir; exec(c)`],
  [["exec", "env-in-command"], "trimmed", `${cp}exec("ls " + process.env.DIR.trim())`],
  [["exec", "env-in-command"], "joined", `${cp}exec(["ls", process.env.DIR].join(" "))`],
  [["exec", "env-in-command"], "by a call", `${cp}exec("ls " + path.join(process.env.HOME, "x"))`],
  [["env-in-command"], "in the program of spawn", `${cp}spawn(\`\${process.env.PREFIX}/bin/tool\`, ["-v"])`],
  [["shell", "env-in-command"], "spawn of sh -c", `${cp}spawn("sh", ["-c", "ls " + process.env.DIR])`],
  [["shell", "env-in-command"], "Bun.spawn of sh -c", `Bun.spawn(["/bin/bash", "-c", \`ls \${process.env.DIR}\`])`],
  [["shell"], "spawn with a shell", `${cp}spawn("ls " + dir, { shell: true })`],
  [["shell"], "spawn with a named shell", `${cp}spawn(command, [], { shell: "/bin/bash" })`],
  [["shell"], "spawn with a shell, options in a constant", `${cp}const options = { shell: true, cwd }; spawn("ls", [dir], options)`],
  [["shell"], "execFile with a shell", `${cp}execFile("ls", [dir], { shell: true })`],
  [["shell"], "spawn of sh -c with what varies", `${cp}spawn("sh", ["-c", script])`],
  [["shell"], "Bun.spawn with cmd", `Bun.spawn({ cmd: ["sh", "-ec", script] })`],
  [["shell"], "raw in Bun.$", "await Bun.$`ls ${{ raw: dir }}`"],
  [["secret"], "AWS", `const a = "AKIA${"IOSFODNN7EXAMPLE"}"`],
  [["secret"], "GitHub", `const a = "ghp_${body}"`],
  [["secret"], "GitHub, fine-grained", `f("github_pat_${body}${body}")`],
  [["secret"], "Slack", `const a = { b: "xoxb-${"1234567890"}-abcdef" }`],
  [["secret"], "Stripe", `const a = "sk_live_${body}"`],
  [["secret"], "Google", `const a = "AIza${body.slice(0, 35)}"`],
  [["secret"], "npm", `const a = "npm_${body.slice(0, 36)}"`],
  [["secret"], "in a comment", `// was sk_live_${body}`],
  [["secret"], "private key", `const a = "-----BEGIN RSA ${"PRIVATE"} KEY-----\\nMIIEowIBAAKCAQEA"`],
  [["secret"], "private key over lines", `const a = \`-----BEGIN ${"PRIVATE"} KEY-----\nMIIEowIBAAKCAQEA\``],
  [
    ["secret"],
    "JSON web token",
    `const a = "eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIiOiIxMjM0NTY3ODkwIn0"}.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"`,
  ],
  [["secret"], "password in an address", `const a = "postgres://app:${"hunter22"}@db.internal/app"`],
  [["secret"], "password", `const password = "hunter22"`],
  [["secret"], "DB_PASSWORD", `const DB_PASSWORD = "correcthorsebattery"`],
  [["secret"], "apiKey in an object", `const options = { apiKey: "a8f5f167f44f4964" }`],
  [["secret"], "key in quotes", `const options = { "client-secret": "8f5f167f44f4" }`],
  [["secret"], "assigned member", `config.authToken = "8f5f167f44f4964e6c998dee"`],
  [["secret"], "class field", `class A { private secretKey = "8f5f167f44f4964e6c998dee" }`],
  [["secret"], "parameter's default", `function f(password = "hunter22") {}`],
  [["secret"], "both shape and name is said once", `const apiKey = "sk_live_${body}"`],
  [["secret"], "in JSON", `{"db": {"password": "hunter22"}, "__proto__": 1, "__proto__": 2}`, "case.json"],
  [["secret"], "in a file that does not parse", `const a = "sk_live_${body}"`, "case.json"],
  [["unparsed"], "no TypeScript", `let a = = 1`],
  [["unparsed"], "open string", `const a = "abc`],
  [["unparsed"], "declared twice", `let a = 1; let a = 2;`],
  [["unparsed", "eval"], "still read as far as it goes", `let a = 1; let a = 2; eval(a)`],
  [["unparsed"], "nested too deeply", "(".repeat(100_000)],
  [["eval", "allow"], "allowed without a reason", `eval(x) // bs9-allow eval`],
  [["eval", "allow"], "allowed with an empty reason", `eval(x) // bs9-allow eval:   `],
  [["eval", "allow"], "allowed by a rule there is not", `eval(x) // bs9-allow evil: I like it`],
  [["eval", "allow"], "allowed without a rule", `eval(x) // bs9-allow`],
  [["eval"], "allowed another rule", `eval(x) // bs9-allow exec: a reason`],
  [["eval"], "allowed two lines above", `// bs9-allow eval: a reason\n\neval(x)`],
  [["eval"], "allowed on the line below", `eval(x)\n// bs9-allow eval: a reason`],
  [["eval"], "allowed at the end of the line above", `f(x) // bs9-allow eval: a reason\neval(x)`],
  [["eval"], "allowed in a string", `const a = "// bs9-allow eval: a reason"; eval(a)`],
  [["eval"], "allowed for one line only", `// bs9-allow eval: a reason\neval(x)\neval(y)`],
];

const clean: [what: string, code: string, file?: string][] = [
  ["env in the options of a literal", `${cp}exec("ls", { env: { ...process.env, A: process.env.B } })`],
  ["env as an argument of spawn", `${cp}spawn("ls", [process.env.DIR])`],
  ["env as the program of spawn", `${cp}spawn(process.env.EDITOR ?? "vi", [file])`],
  ["env in an argument of execFile", `${cp}execFile("ls", ["--dir=" + process.env.DIR])`],
  ["env as an argument of Bun.spawn", `Bun.spawn(["ls", process.env.DIR], { env: process.env })`],
  ["env in Bun.$", "await Bun.$`ls ${process.env.DIR}`"],
  ["env in a string that is not a command", `console.log("dir " + process.env.DIR); fetch(\`\${process.env.URL}/x\`)`],
  ["env as what decides", `${cp}spawn(process.env.CI === "1" ? "a" : "b", [])`],
  ["spawn with a shell and literals", `${cp}spawn("ls -la", { shell: true })`],
  ["spawn without a shell", `${cp}spawn(command, args, { shell: false })`],
  ["spawn with a shell on Windows", `${cp}spawn("npm", ["i", name], { shell: process.platform === "win32" })`],
  ["sh -c with a literal", `Bun.spawn(["sh", "-c", "ls | wc -l"])`],
  ["sh -c with parameters", `${cp}spawn("sh", ["-c", 'ls "$1"', "sh", dir])`],
  ["sh with a file", `${cp}spawn("sh", [file])`],
  ["raw literal in Bun.$", "await Bun.$`ls ${{ raw: '*.ts' }}`"],
  ["raw in another tag", "html`${{ raw: text }}`"],
  ["spawn of one's own", `actor.spawn("a" + process.env.B); const spawn = (x) => x; spawn("a" + process.env.B)`],
  ["empty password", `const password = ""`],
  ["placeholder", `const password = "changeme"; const apiKey = "your-api-key-here"; const token = "<TOKEN>"`],
  ["password of a test", `const password = "test1234"; const secret = "dummy-secret-1"`],
  ["fallback", `const password = process.env.PASSWORD ?? "postgres1"`],
  ["from the environment", `const apiKey = process.env.API_KEY; const token = \`\${a}\``],
  ["label", `const labels = { password: "Password", token: "Your token, please 1" }`],
  ["key of a translation", `const keys = { password: "errors.password.required", secret: "form.fields.secret" }`],
  ["field's name", `const fields = { password: "passwordField", token: "accessToken", passwordInput: "hunter22" }`],
  [
    "name that only contains one",
    `const passwordMinLength = "12345678"; const tokenType = "Bearer1234567"; const keyboard = "qwertz123456"`,
  ],
  ["path", `const privateKey = "/etc/ssl/private/key1.pem"; const secret = "./secrets/1.txt"`],
  [
    "header of a private key",
    `if (text.includes("-----BEGIN ${"PRIVATE"} KEY-----")) f(text.replace("-----BEGIN ${"PRIVATE"} KEY-----", ""))`,
  ],
  ["public key", `const a = "-----BEGIN PUBLIC KEY-----\\nMIIEowIBAAKCAQEA"`],
  ["test key of Stripe", `const a = "sk_test_${body}"`],
  ["mask of a token", `const a = "ghp_${"x".repeat(36)}"; const b = "ghp_${"*".repeat(36)}"`],
  ["address of this host", `const a = "postgres://postgres:${"postgres"}@localhost/app"`],
  ["address with a placeholder", `const a = "postgres://user:password@db/app"; const b = \`redis://\${user}:\${pass}@host\``],
  ["hash and id", `const sha = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; const id = "123e4567-e89b-12d3-a456-426614174000"`],
  ["type of a password field", `const a = <input type="password" name="password" />`, "case.tsx"],
  ["JSON without secrets", `{"name": "x", "password": "", "tokens": 3}`, "case.json"],
  ["allowed on the same line", `eval(x) // bs9-allow eval: the text is our own`],
  ["allowed on the line above", `// bs9-allow eval: the text is our own\neval(x)`],
  ["allowed in a block comment", `const a = <p>{/* bs9-allow eval: ours */ eval(x)}</p>`, "case.tsx"],
  ["allowed with Windows lines", `// bs9-allow eval: ours\r\neval(x)\r\n`],
  ["two allowed above", `// bs9-allow eval: ours\n  // bs9-allow exec: ours\n${cp.trim()} eval(x); exec(x)`],
  ["a secret allowed", `const password = "hunter22" // bs9-allow secret: of the sandbox`],
  ["a comment that speaks of bs9-allow", `// bs9-allowed things\n// see bs9-allow in the manual`],
  [
    "TypeScript of every kind",
    `abstract class A<T> { declare x: number; accessor y = 1; constructor(@I() private readonly z: T) {} } enum B { C } using d = e; export = A`,
  ],
  ["import attributes", `import a from "./a.json" with { type: "json" }; export default a satisfies object`],
  ["old JavaScript", `var a = 010; with (b) { delete a }`, "case.js"],
  ["return at the top", `if (a) return; module.exports = 1`, "case.js"],
  ["top-level await", `const a = await b; for await (const c of d) {}`],
];

describe("the audit warns", () => {
  for (const [rules, what, code, file] of found) {
    test(`${rules.join(", ")}: ${what}`, () =>
      expect(
        findingsIn(code, file)
          .map(({ rule }) => rule)
          .sort(),
      ).toEqual(rules.toSorted()));
  }
});

describe("the audit reports nothing for harmless code", () => {
  for (const [what, code, file] of clean) test(what, () => expect(findingsIn(code, file)).toEqual([]));
});

test("a finding about a secret never contains the secret itself", () => {
  const findings = findingsIn(`const password = "hunter22"; const a = "sk_live_${body}"`);
  expect(findings).not.toBeEmpty();
  expect(JSON.stringify(findings)).not.toMatch(/hunter22|sk_live/);
});

test("a finding about a secret names the line and column at which the secret begins", () => {
  expect(findingsIn(`// 1\r\n// 2\r\n  f("sk_live_${body}")`)).toMatchObject([{ line: 3, column: 6 }]);
});

test("the names of members of Object do not count as rules of the audit", () =>
  expect(["__proto__", "constructor", "toString"].map(isRule)).toEqual([false, false, false]));
