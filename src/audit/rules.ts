// The table of what is dangerous: a reference, the rules that a call of it may break, and what is said then.
import {
  bunSpawnRun,
  carriesEnv,
  commandVaries,
  execRun,
  type Given,
  isEvalWorker,
  isText,
  type Look,
  loadsText,
  type Run,
  scriptVaries,
  spawnRun,
  templateRun,
} from "./command.ts";
import type { Rule } from "./finding.ts";

type Check = (given: Given, look: Look) => boolean;
/** The rule is broken by each call for which `when` says so. */
export type Danger = { rule: Rule; message: string; when: Check };

const always = () => true;
const untrusted = "whoever can change the text can do whatever the service can";

function code(what: string, when: Check = always): Danger {
  return { rule: "eval", message: `${what} runs text as code: ${untrusted}`, when };
}

function native(what: string): Danger {
  return { rule: "native", message: `${what} reaches native code, which the audit cannot read`, when: always };
}

function environmentIn(run: (given: Given, look: Look) => Run): Danger {
  const message = "the environment becomes part of a command: whoever sets the variable chooses what is run";
  return { rule: "env-in-command", message, when: (given, look) => carriesEnv(run(given, look), look) };
}

function shell(run: (given: Given, look: Look) => Run): Danger[] {
  const message =
    "a shell is handed a command put together while running: whatever gets into it is run; pass a list of arguments without a shell";
  return [{ rule: "shell", message, when: (given, look) => scriptVaries(run(given, look), look) }, environmentIn(run)];
}

function exec(what: string): Danger[] {
  const message = `${what} hands a shell a command that is not a literal: whatever gets into it is run; use execFile with a list of arguments`;
  return [{ rule: "exec", message, when: commandVaries }, environmentIn(execRun)];
}

/** By the names of platform.ts; the severity of each rule is in finding.ts. */
export const dangers: ReadonlyMap<string, readonly Danger[]> = new Map(
  Object.entries({
    eval: [code("eval")],
    Function: [{ rule: "function-constructor", message: `the Function constructor turns text into code: ${untrusted}`, when: always }],
    import: [code("an import of a data: or blob: address", loadsText)],
    Worker: [code("a worker of a data: or blob: address", loadsText), code("a worker with { eval: true }", isEvalWorker)],
    setTimeout: [code("setTimeout with a text", isText)],
    setInterval: [code("setInterval with a text", isText)],
    setImmediate: [code("setImmediate with a text", isText)],
    "node:vm.runInThisContext": [code("vm.runInThisContext")],
    "node:vm.runInNewContext": [code("vm.runInNewContext")],
    "node:vm.runInContext": [code("vm.runInContext")],
    "node:vm.compileFunction": [code("vm.compileFunction")],
    "node:vm.Script": [code("vm.Script")],
    "node:vm.SourceTextModule": [code("vm.SourceTextModule")],
    "node:module._compile": [code("Module._compile")],
    "node:child_process.exec": exec("exec"),
    "node:child_process.execSync": exec("execSync"),
    "node:child_process.spawn": shell(spawnRun),
    "node:child_process.spawnSync": shell(spawnRun),
    "node:child_process.execFile": shell(spawnRun),
    "node:child_process.execFileSync": shell(spawnRun),
    "Bun.spawn": shell(bunSpawnRun),
    "Bun.spawnSync": shell(bunSpawnRun),
    "Bun.$": shell(templateRun),
    "process.binding": [native("process.binding")],
    "process._linkedBinding": [native("process._linkedBinding")],
    "process.dlopen": [native("process.dlopen")],
    "bun:ffi.dlopen": [native("dlopen of bun:ffi")],
    "bun:ffi.linkSymbols": [native("linkSymbols of bun:ffi")],
    "bun:ffi.CFunction": [native("CFunction of bun:ffi")],
    "bun:ffi.cc": [native("cc of bun:ffi")],
  } satisfies Record<string, Danger[]>),
);
