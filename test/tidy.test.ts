// Checks the rules of the repository, and shows that each rule can fail.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as rules from "./tidy.ts";
import { unplainProse } from "./tidy-prose.ts";

const top = join(import.meta.dir, "..");

/** Files over the limit, each with the reason. */
const longOnes: Record<string, string> = {
  "test/audit/audit.test.ts": "a table of cases",
  "test/audit/critical.test.ts": "a table of cases",
};

/** Files of src/ that nothing imports, each with the reason. */
const apart: Record<string, string> = {
  "src/k8s/bs9-deployment.yaml": "for kubectl",
  "src/injectors/preload/preload.ts": "bundled by src/injectors/preload-bundle.ts",
  "src/web/page/page.ts": "bundled by src/web/page-bundle.ts",
  "src/web/page/report/report.ts": "bundled by src/web/page-bundle.ts",
  "src/web/page/index.html": "read by src/web/page-bundle.ts",
  "src/web/page/icon.svg": "read by src/web/page-bundle.ts",
  "src/web/page/tsconfig.json": "for the type checker",
  ...Object.fromEntries(
    ["page", "base", "shell", "overview", "charts", "views", "logs"].map((name) => [
      `src/web/page/style/${name}.css`,
      "bundled by src/web/page-bundle.ts",
    ]),
  ),
};

const files: rules.Files = await readAll();

describe("the repository", () => {
  test("imports only go down", () => expect(rules.wrongImports(files)).toEqual([]));
  test("there are no import cycles", () => expect(rules.cycles(files)).toEqual([]));
  test("there are no dead files", () => expect(rules.unreached(files, apart)).toEqual([]));
  test("there are no meaningless names", () => expect(rules.bannedNames(files)).toEqual([]));
  test("no two files export the same name", () => expect(rules.sharedNames(files)).toEqual([]));
  test("no file is too long", () => expect(rules.longFiles(files, longOnes)).toEqual([]));
  test("a single file imports the D-Bus library", () => expect(rules.strayPackages(files)).toEqual([]));
  test("only main ends the process", () => expect(rules.strayExits(files)).toEqual([]));
  test("comments, titles, messages and documents are plain", () => expect(unplainProse(files)).toEqual([]));
  test("no registry and no path of one machine", () => expect(rules.foreignAddresses(files, registryHosts())).toEqual([]));
});

describe("each rule can fail", () => {
  const up = { "src/base/a.ts": 'import { b } from "../service/b.ts";' };
  const sideways = { "src/logs/a.ts": 'import type { B } from "../health/b.ts";' };
  const unknown = { "src/attic/a.ts": 'const b = await import("../base/b.ts");' };
  test.each([up, sideways, unknown])("wrong import %j is found", (bad) => expect(rules.wrongImports(sample(bad))).toHaveLength(1));
  test("right imports are accepted", () => {
    const good = { "src/service/a.ts": 'import { b } from "../base/b.ts";\nimport { c } from "./c.ts";\nimport "node:fs";' };
    expect(rules.wrongImports(sample(good))).toEqual([]);
  });

  test("a cycle of imports is found", () => {
    const bad = {
      "src/base/a.ts": 'import "./b.ts";',
      "src/base/b.ts": 'export { a } from "./c.ts";',
      "src/base/c.ts": 'import "./a.ts";',
    };
    expect(rules.cycles(sample(bad))).toEqual(["src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts"]);
  });

  test("a dead file and a missing one are found", () => {
    const bad = { "src/main.ts": 'import "./cli.ts";', "src/base/a.ts": "" };
    expect(rules.unreached(sample(bad))).toHaveLength(2);
    expect(rules.unreached(sample(bad), { "src/base/a.ts": "a sample" })).toHaveLength(1);
  });

  test.each([
    "const eventHandler = 1;",
    "function read(data: string) {}",
    "type UserInfo = {};",
    "let my_utils;",
    "import { info } from './x.ts'",
  ])("the banned name in %s is found", (line) => expect(rules.bannedNames(sample({ "src/base/a.ts": line }))).toHaveLength(1));
  test("a banned file name is found", () => expect(rules.bannedNames(sample({ "src/base/string-utils.ts": "" }))).toHaveLength(1));
  test("words in text, members and names of packages are accepted", () => {
    const good =
      'import { userInfo } from "node:os";\n// the user manager\nsay("data"); userInfo(); socket.data; listen({ data() {} }); listen({ data: () => {} }); new DataView(x); type UserManager = 1; /info/.test(x); const datagram = `info`;';
    expect(rules.bannedNames(sample({ "src/base/a.ts": good }))).toEqual([]);
  });

  test.each([
    "export type Limit = number;",
    "export interface Limit {}",
    "export abstract class Limit {}",
    "export const Limit = 1;",
    "export async function Limit() {}",
    "export function* Limit() {}",
    "const Limit = 1;\nexport { Limit };",
    "type Most = 1;\nexport type { Most as Limit };",
  ])("the second export of a name in %j is found", (text) => {
    const found = rules.sharedNames(sample({ "src/base/a.ts": "export type Limit = 1;", "src/logs/b.ts": text }));
    expect(found).toEqual(["src/logs/b.ts exports the name Limit, which src/base/a.ts exports too; rename one of them"]);
  });
  test.each([
    'export type { Limit } from "../base/a.ts";',
    'import type { Limit } from "../base/a.ts";\nexport type { Limit };',
    "type Limit = 2;\nexport const most: Limit = 2;",
    "// export type Limit = 2;\nexport const text = `\nexport type Limit = 2;`;",
  ])("a second use of a name in %j is accepted", (text) => {
    const schema = "export const Limit = v.literal(1);\nexport type Limit = v.InferOutput<typeof Limit>;";
    expect(rules.sharedNames(sample({ "src/base/a.ts": schema, "src/logs/b.ts": text, "test/logs/b.ts": schema }))).toEqual([]);
  });

  test("a long file is found", () => {
    const bad = sample({ "src/base/a.ts": "x\n".repeat(251), "src/base/b.ts": "x\n".repeat(250) });
    expect(rules.longFiles(bad)).toHaveLength(1);
    expect(rules.longFiles(bad, { "src/base/a.ts": "a table" })).toEqual([]);
  });

  test.each(['import dbus from "dbus-native";', 'const bus = await import("dbus-native");'])("a stray package is found: %s", (line) => {
    expect(rules.strayPackages(sample({ "src/systemd/bus/read.ts": line }))).toHaveLength(1);
    expect(rules.strayPackages(sample({ "src/systemd/bus/bus.ts": line }))).toEqual([]);
  });

  test.each(["process.exit(1);", "process.exitCode = 2;", "console.log(1);"])("a stray exit or print is found: %s", (line) => {
    expect(rules.strayExits(sample({ "src/cli.ts": line }))).toHaveLength(1);
    expect(rules.strayExits(sample({ "src/main.ts": line, "src/base/a.ts": `// ${line}` }))).toEqual([]);
  });

  // In pieces, so that this file does not contain the samples itself.
  test.each([
    ["src/base/a.ts", "// Of", "these the state alone is known."],
    ["src/base/a.ts", "/** Read once. One", "that was deleted has samples. */"],
    ["src/base/a.ts", "// Told once.\n// Who", "asks may be luckier."],
    ["src/base/a.ts", "/**\n * Whoever", "writes has them.\n */"],
    ["src/base/a.ts", "x(); // That", "of the run."],
    ["src/base/a.ts", 'throw failed("what', 'is damaged goes aside");'],
    ["src/base/a.ts", "say(`${name} is", "no service`);"],
    ["src/base/a.ts", 'say("bs9 knows', 'no way to check it");'],
    ["src/base/a.ts", "// It may", "not be there."],
    ["src/base/a.ts", "// 255 where it is none", "of them."],
    ["test/base/a.test.ts", 'test("one', 'that fails is told", () => {});'],
    ["test/base/a.test.ts", 'test.each([[1]])("of', 'two the later", () => {});'],
    ["test/base/a.test.ts", '["of', 'two mounts on one mount point the later counts", 1],'],
    ["README.md", "| `trail/` | who", "did what |"],
    ["install.sh", "# That", "of busybox fails."],
  ])("in %s the riddle %j is found", (path, ...pieces) => expect(unplainProse(sample({ [path]: pieces.join(" ") }))).toHaveLength(1));
  test.each([
    ["src/base/a.ts", "// There is no such unit. Null if there is no time for the sample. The file is no longer read. Offers. Whole."],
    ["src/base/a.ts", 'say("of", "of it", " of the time", "of-user of-web x"); /who is it/.test(x);'],
    ["test/base/a.test.ts", '["of a literal", 1],'],
    ["test/fixtures/a.ts", "// Of nothing."],
    ["README.md", "```\nOf nothing.\n```"],
  ])("in %s the text %j is accepted", (path, text) => expect(unplainProse(sample({ [path]: text }))).toEqual([]));

  test("an address is found", () => {
    // In pieces, so that this file contains no address itself.
    const bad = [
      ["https://", "registry.", "npmjs.org/x"],
      ["http://deb.", "debian.org/debian"],
      ["/wor", "k/main"],
    ].map((parts) => parts.join(""));
    for (const text of bad) expect(rules.foreignAddresses(sample({ "README.md": text }))).toHaveLength(1);
    expect(rules.foreignAddresses(sample({ "a.md": "packages.example" }), ["packages.example"])).toHaveLength(1);
    const good = ["https://example.org", "~", "net"].map((before) => [before, "work/x"].join(before === "net" ? "" : "/")).join(" ");
    expect(rules.foreignAddresses(sample({ "a.md": good }))).toEqual([]);
  });
});

function sample(texts: Record<string, string>): rules.Files {
  return new Map(Object.entries(texts));
}

async function readAll(): Promise<rules.Files> {
  const skipped = /^(?:node_modules|dist|\.git)\//;
  const paths = [...new Bun.Glob("**/*").scanSync({ cwd: top, dot: true })].filter((path) => !skipped.test(path)).sort();
  return new Map(await Promise.all(paths.map(async (path) => [path, await Bun.file(join(top, path)).text()] as const)));
}

/** The hosts from which npm gets its packages on this machine. */
function registryHosts(): string[] {
  const asked = Bun.spawnSync(["npm", "config", "get", "registry"], { cwd: top, timeout: 20_000 }).stdout.toString();
  const host = /^https?:\/\/([^/\s]+)/.exec(asked)?.[1];
  return host === undefined ? [] : [host];
}
