// The table of dangerous names: for each, the rules that a call may break, and the message.
import * as command from "./command.ts";
import type { Rule } from "./finding.ts";

type Check = (given: command.CallArguments, look: command.ValueLookup) => boolean;
type RunOf = (given: command.CallArguments, look: command.ValueLookup) => command.Run;
/** A call breaks the rule if `when` returns true for it. */
export type Danger = { rule: Rule; message: string; when: Check };

const always = () => true;
const untrusted = "anyone who can change the text can do everything that the service can do";

function code(what: string, when: Check = always): Danger {
  return { rule: "eval", message: `${what} runs text as code: ${untrusted}`, when };
}

function native(what: string): Danger {
  return { rule: "native", message: `${what} calls native code, which the audit cannot read`, when: always };
}

function environmentIn(run: RunOf): Danger {
  const message = "an environment variable becomes part of a command: anyone who sets the variable decides what runs";
  return { rule: "env-in-command", message, when: (given, look) => command.carriesEnv(run(given, look), look) };
}

function shell(run: RunOf): Danger[] {
  const message =
    "a shell gets a command that is built at run time, and runs everything that is inserted into it; pass a list of arguments without a shell";
  return [{ rule: "shell", message, when: (given, look) => command.scriptVaries(run(given, look), look) }, environmentIn(run)];
}

function exec(what: string): Danger[] {
  const message = `${what} gives a shell a command that is not a literal, and the shell runs everything that is inserted into it; use execFile with a list of arguments`;
  return [{ rule: "exec", message, when: command.commandVaries }, environmentIn(command.execRun)];
}

type Row = [of: string, names: string[], dangers: (name: string) => Danger[]];

const table: Row[] = [
  ["", ["eval"], (name) => [code(name)]],
  [
    "",
    ["Function"],
    () => [{ rule: "function-constructor", message: `the Function constructor turns text into code: ${untrusted}`, when: always }],
  ],
  ["", ["import"], () => [code("an import of a data: or blob: URL", command.loadsText)]],
  ["", ["Worker"], () => [code("a worker of a data: or blob: URL", command.loadsText)]],
  ["", ["Worker"], () => [code("a worker with { eval: true }", command.isEvalWorker)]],
  ["", ["setTimeout", "setInterval", "setImmediate"], (name) => [code(`${name} with a string`, command.isText)]],
  ["node:vm.", ["runInThisContext", "runInNewContext", "runInContext", "compileFunction"], (name) => [code(`vm.${name}`)]],
  ["node:vm.", ["Script", "SourceTextModule"], (name) => [code(`vm.${name}`)]],
  ["node:module.", ["_compile"], (name) => [code(`Module.${name}`)]],
  ["node:child_process.", ["exec", "execSync"], exec],
  ["node:child_process.", ["spawn", "spawnSync", "execFile", "execFileSync"], () => shell(command.spawnRun)],
  ["Bun.", ["spawn", "spawnSync"], () => shell(command.bunSpawnRun)],
  ["Bun.", ["$"], () => shell(command.templateRun)],
  ["process.", ["binding", "_linkedBinding", "dlopen"], (name) => [native(`process.${name}`)]],
  ["bun:ffi.", ["dlopen", "linkSymbols", "CFunction", "cc"], (name) => [native(`${name} of bun:ffi`)]],
];

/** Keyed by the names of platform.ts; the severity of each rule is in finding.ts. */
export const dangers: ReadonlyMap<string, readonly Danger[]> = Map.groupBy(
  table.flatMap(([of, names, make]) => names.flatMap((name) => make(name).map((danger) => ({ ref: of + name, ...danger })))),
  ({ ref }) => ref,
);
