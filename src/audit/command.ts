// Which rules a call breaks, given what is called and with which arguments.

import { basename } from "node:path";
import type * as t from "@babel/types";
import { constantOf, isLiteral } from "./constant.ts";
import { carriesEnv, concatenatesEnv } from "./env.ts";
import type { Rule } from "./finding.ts";
import type { Known } from "./known.ts";
import type { Meanings } from "./meaning.ts";
import { keyIn } from "./pattern.ts";
import type { Scope } from "./scope.ts";
import { unwrap } from "./tree.ts";

/** What can break a rule when it is called. */
export const dangerous: readonly Known[] = ["eval", "Function", "exec", "execSync", "spawn", "Bun.spawn", "shell"];

/** Arguments as written; null where they are put together while running. */
export type Arguments = readonly t.Node[] | null;

const shells = new Set(["sh", "bash", "dash", "zsh", "ash", "ksh", "fish", "busybox"]);

export function rulesBroken(called: Known, given: Arguments, scope: Scope, meanings: Meanings): Rule[] {
  switch (called) {
    case "eval":
      return ["eval"];
    case "Function":
      return ["function-constructor"];
    case "exec":
    case "execSync":
      return execRules(given, scope, meanings);
    case "spawn":
      return spawnRules(given, scope, meanings);
    case "Bun.spawn":
      return bunSpawnRules(given, scope, meanings);
    case "shell":
      return shellRules(given, scope, meanings);
    default:
      return [];
  }
}

function execRules(given: Arguments, scope: Scope, meanings: Meanings): Rule[] {
  if (given === null) return ["exec"];
  const command = given[0];
  if (command === undefined || isLiteral(command)) return [];
  return carriesEnv(command, scope, meanings) ? ["exec", "env-in-command"] : ["exec"];
}

// spawn(command, [arguments], {options}), and the same of execFile.
function spawnRules(given: Arguments, scope: Scope, meanings: Meanings): Rule[] {
  const [command, second] = given ?? [];
  if (command === undefined) return [];
  const list = second === undefined ? [] : elementsOf(second, scope, meanings);
  const options = given?.slice(1).flatMap((node) => objectsOf(node, scope, meanings)) ?? [];
  const inShell = options.some((option) => asksForShell(option));
  return wordRules([command, ...list], inShell, scope, meanings);
}

// Bun.spawn([command, ...arguments], {options}) or Bun.spawn({ cmd: [...] }).
function bunSpawnRules(given: Arguments, scope: Scope, meanings: Meanings): Rule[] {
  const first = given?.[0];
  if (first === undefined) return [];
  const cmd = objectsOf(first, scope, meanings).flatMap((object) => propertyOf(object, "cmd") ?? [])[0];
  return wordRules(elementsOf(cmd ?? first, scope, meanings), false, scope, meanings);
}

function wordRules(words: readonly t.Node[], inShell: boolean, scope: Scope, meanings: Meanings): Rule[] {
  const [command, ...rest] = words;
  if (command === undefined) return [];
  const program = constantOf(command, scope);
  const isShell = program !== undefined && shells.has(basename(program));
  // What follows the script of `sh -c` are its parameters: they are not read as commands.
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(constantOf(word, scope) ?? ""));
  const read = inShell ? words : isShell && flag >= 0 ? rest.slice(flag + 1, flag + 2) : [];
  const rules: Rule[] = read.some((word) => constantOf(word, scope) === undefined) ? ["shell"] : [];
  if (read.some((word) => carriesEnv(word, scope, meanings)) || concatenatesEnv(command, scope, meanings)) rules.push("env-in-command");
  return rules;
}

// Bun.$ quotes what is put into it, but for { raw: text }.
function shellRules(given: Arguments, scope: Scope, meanings: Meanings): Rule[] {
  const template = given?.[0];
  if (template?.type !== "TemplateLiteral") return [];
  const raw = template.expressions.flatMap((part) => objectsOf(part, scope, meanings)).flatMap((object) => propertyOf(object, "raw") ?? []);
  const open = raw.filter((node) => constantOf(node, scope) === undefined);
  if (open.length === 0) return [];
  return open.some((node) => carriesEnv(node, scope, meanings)) ? ["shell", "env-in-command"] : ["shell"];
}

// `shell: process.platform === "win32"` is common and off on Linux: only what is plainly on counts.
function asksForShell(options: t.ObjectExpression): boolean {
  const shell = propertyOf(options, "shell");
  return (shell?.type === "BooleanLiteral" && shell.value) || (shell?.type === "StringLiteral" && shell.value !== "");
}

function elementsOf(node: t.Node, scope: Scope, meanings: Meanings): t.Node[] {
  return meanings.of(node, scope).flatMap((meaning) => {
    if (meaning.is !== "object" || meaning.node.type !== "ArrayExpression") return [];
    return meaning.node.elements.filter((element) => element !== null);
  });
}

function objectsOf(node: t.Node, scope: Scope, meanings: Meanings): t.ObjectExpression[] {
  return meanings
    .of(node, scope)
    .flatMap((meaning) => (meaning.is === "object" && meaning.node.type === "ObjectExpression" ? meaning.node : []));
}

function propertyOf(object: t.ObjectExpression, key: string): t.Node | undefined {
  const property = object.properties.findLast((each) => each.type === "ObjectProperty" && keyIn(each) === key);
  return property?.type === "ObjectProperty" ? unwrap(property.value) : undefined;
}
