// Finds what a call passes to a shell or to the runtime as code.
import { basename } from "node:path";
import type * as t from "@babel/types";
import type { Constants } from "./constant.ts";
import { unwrap } from "./tree.ts";

/** The names in platform.ts for the environment, and for a text that contains a part of it. */
export const environment = { itself: "process.env", joined: "process.env+" } as const;

/** The arguments as written; null where they are assembled at run time. */
export type CallArguments = readonly t.Node[] | null;

/** The values that the expressions of a file can have, as far as they are known. */
export type ValueLookup = { constants: Constants; mayBe(node: t.Node, ref: string): boolean };

/** The program that is run, and the text that a shell reads as commands. */
export type Run = { program?: t.Node | undefined; script: t.Node[] };

export function commandVaries(given: CallArguments): boolean {
  const command = given?.[0];
  if (given === null) return true;
  if (command === undefined) return false;
  const node = unwrap(command);
  return node.type !== "StringLiteral" && !(node.type === "TemplateLiteral" && node.expressions.length === 0);
}

/** exec(command) */
export function execRun(given: CallArguments): Run {
  return { script: given?.slice(0, 1) ?? [] };
}

/** spawn(command, [arguments], {options}), and the same for execFile. */
export function spawnRun(given: CallArguments, { constants }: ValueLookup): Run {
  const [command, ...rest] = given ?? [];
  const literals = rest.map((node) => constants.literal(node));
  const words = [command, ...elementsOf(literals[0])];
  // `shell: process.platform === "win32"` is common and off on Linux, so only a constant that turns the shell on counts.
  const inShell = literals.some((node) => {
    const option = constants.property(node, "shell");
    return (option?.type === "BooleanLiteral" && option.value) || (option?.type === "StringLiteral" && option.value !== "");
  });
  return inShell ? { program: command, script: words.filter((word) => word !== undefined) } : wordsRun(words, constants);
}

/** Bun.spawn([command, ...arguments], {options}) or Bun.spawn({ cmd: [...] }). */
export function bunSpawnRun(given: CallArguments, { constants }: ValueLookup): Run {
  const first = given?.[0];
  if (first === undefined) return { script: [] };
  const literal = constants.literal(first);
  const command = constants.property(literal, "cmd");
  return wordsRun(elementsOf(command === undefined ? literal : constants.literal(command)), constants);
}

const shells = "sh|bash|dash|zsh|ash|ksh|fish|busybox";
const isShell = new RegExp(`^(?:${shells})$`);
// Matches up to a place in the script of `sh -c` where a value is inserted: inside quotes, or in the first word.
const inScript = new RegExp(`(?:^|[\\s;&|(/])(?:${shells})\\s+(?:[-+]o\\s+\\w+\\s+|-\\S+\\s+)*-[a-z]*c\\s+(?:"[^"]*|'[^']*|[^\\s"';&|]*)$`);

/** Bun.$ quotes inserted values, except { raw: text } and values in the script of an inner shell. */
export function templateRun(given: CallArguments, { constants }: ValueLookup): Run {
  const template = given?.[0];
  if (template?.type !== "TemplateLiteral") return { script: [] };
  let before = "";
  const script = template.expressions.flatMap((part, at) => {
    before += template.quasis[at]?.value.cooked ?? "";
    const raw = constants.property(constants.literal(part), "raw");
    const isRun = inScript.test(before.slice(-1000));
    before += "x";
    return raw ?? (isRun ? part : []);
  });
  return { script };
}

function wordsRun([program, ...words]: readonly (t.Node | undefined)[], constants: Constants): Run {
  if (program === undefined) return { script: [] };
  // The words after the script of `sh -c` are its parameters, and the shell does not read them as commands.
  const flag = words.findIndex((word) => word !== undefined && /^-[a-z]*c$/.test(constants.text(word) ?? ""));
  const script = flag >= 0 && isShell.test(basename(constants.text(program) ?? "")) ? words[flag + 1] : undefined;
  return { program, script: script === undefined ? [] : [script] };
}

function elementsOf(node: t.Node | undefined): t.Node[] {
  return node?.type === "ArrayExpression" ? node.elements.filter((element) => element !== null) : [];
}

export function scriptVaries({ script }: Run, { constants }: ValueLookup): boolean {
  return script.some((node) => constants.text(node) === undefined);
}

/** True where the environment is read as a command, or is part of the name of a program. */
export function carriesEnv({ program, script }: Run, { mayBe }: ValueLookup): boolean {
  if (program !== undefined && mayBe(program, environment.joined)) return true;
  return script.some((node) => mayBe(node, environment.itself) || mayBe(node, environment.joined));
}

/** `setTimeout("code")` */
export function isText(given: CallArguments, { constants }: ValueLookup): boolean {
  return given?.[0] !== undefined && constants.start(given[0]) !== undefined;
}

/** `import("data:…")`, and the same for a worker and for the URL of a blob. */
export function loadsText(given: CallArguments, { constants, mayBe }: ValueLookup): boolean {
  const address = given?.[0];
  return address !== undefined && (/^\s*(?:data|blob):/i.test(constants.start(address) ?? "") || mayBe(address, "blob:"));
}

/** `new Worker(code, { eval: true })` */
export function isEvalWorker(given: CallArguments, { constants }: ValueLookup): boolean {
  const asked = given?.[1] && constants.property(constants.literal(given[1]), "eval");
  return asked !== undefined && !(asked.type === "BooleanLiteral" && !asked.value);
}
