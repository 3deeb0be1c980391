// Judges every call of a file, once all its scopes are known.
import type * as t from "@babel/types";
import { type Arguments, dangerous, rulesBroken } from "./command.ts";
import { constantOf, constantsOf } from "./constant.ts";
import type { Found, Rule } from "./finding.ts";
import { isExec, type Known } from "./known.ts";
import type { Meanings } from "./meaning.ts";
import type { Key, Scope } from "./scope.ts";
import { argumentsOf, type Call, calleeOf, isMember, placeOf } from "./tree.ts";
import type { CallSite } from "./walked.ts";

/** A call of something imported: what it would be, were that one of the known. */
export type Suspect = { specifier: string; path: readonly string[]; line: number; column: number; would: Map<Known, Rule[]> };

export type Judgement = { found: Found[]; suspects: Suspect[]; imports: string[] };

export function judge(calls: readonly CallSite[], meanings: Meanings): Judgement {
  const judgement: Judgement = { found: [], suspects: [], imports: [] };
  // From the inside out: then the callee of a long chain of calls is known already.
  for (const site of calls.toReversed()) {
    judgeCall(site, meanings, judgement);
    judgePassed(site, meanings, judgement);
    for (const specifier of loadedBy(site, meanings)) judgement.imports.push(specifier);
  }
  return judgement;
}

const reasons: Partial<Record<Rule, (called: Known) => string>> = {
  eval: () => "eval runs text as code: whoever can change the text can do whatever the service can",
  "function-constructor": () =>
    "the Function constructor turns text into code: whoever can change the text can do whatever the service can",
  exec: (called) =>
    `${called} hands a shell a command that is not a literal: whatever gets into it is run; use execFile with a list of arguments`,
  "env-in-command": () => "the environment becomes part of a command: whoever sets the variable chooses what is run",
  shell: () =>
    "a shell is handed a command put together while running: whatever gets into it is run; pass a list of arguments without a shell",
};

/** What is said about a rule that a call breaks. */
export function foundIn(rule: Rule, called: Known, place: { line: number; column: number }): Found {
  return { rule, message: reasons[rule]?.(called) ?? rule, line: place.line, column: place.column };
}

function judgeCall({ call, scope }: CallSite, meanings: Meanings, judgement: Judgement): void {
  const place = placeOf(call);
  const { callee, given } = unbound(call, scope, meanings);
  for (const meaning of meanings.of(callee, scope)) {
    if (meaning.is === "known") {
      for (const rule of rulesBroken(meaning.known, given, scope, meanings)) judgement.found.push(foundIn(rule, meaning.known, place));
    } else if (meaning.is === "imported") {
      const would = new Map<Known, Rule[]>();
      for (const known of dangerous) {
        const rules = rulesBroken(known, given, scope, meanings);
        if (rules.length > 0) would.set(known, rules);
      }
      judgement.suspects.push({ specifier: meaning.specifier, path: meaning.path, ...place, would });
    }
  }
}

// Sees through `f.call(this, x)`, `f.apply(this, [x])`, `f.bind(this, x)` and the two of Reflect.
function unbound(call: Call, scope: Scope, meanings: Meanings): { callee: t.Node; given: Arguments } {
  const callee = calleeOf(call);
  const given = argumentsOf(call);
  const through = keyOf(callee, scope);
  if (isMember(callee) && (through === "call" || (through === "bind" && given.length > 1)))
    return { callee: callee.object, given: given.slice(1) };
  if (isMember(callee) && through === "apply" && given.length > 0 && !isReflect(callee, scope, meanings))
    return { callee: callee.object, given: listed(given[1]) };
  const target = given[0];
  if (target === undefined || !isMember(callee)) return { callee, given };
  const known = meanings.knownOf(callee, scope);
  if (known.includes("Reflect.apply")) return { callee: target, given: listed(given[2]) };
  return known.includes("Reflect.construct") ? { callee: target, given: listed(given[1]) } : { callee, given };
}

function listed(node: t.Node | undefined): Arguments {
  return node?.type === "ArrayExpression" ? node.elements.filter((element) => element !== null) : null;
}

const callers = new Set<Key>(["map", "forEach", "flatMap", "filter", "some", "every", "find", "reduce", "then"]);

// `codes.map(eval)` and `setTimeout(exec, 10, command)`: somebody else makes the call.
function judgePassed({ call, scope }: CallSite, meanings: Meanings, judgement: Judgement): void {
  const callee = calleeOf(call);
  const calls = callers.has(keyOf(callee, scope)) || meanings.knownOf(callee, scope).includes("later");
  if (isReflect(callee, scope, meanings)) return;
  for (const node of argumentsOf(call)) {
    const all = meanings.of(node, scope);
    for (const known of meanings.knownOf(node, scope)) {
      // Not where it is one of many, as in a table of all there is.
      if (known === "eval" && all.length === 1) judgement.found.push(foundIn("eval", known, placeOf(node)));
      else if (calls && known === "Function") judgement.found.push(foundIn("function-constructor", known, placeOf(node)));
      else if (calls && isExec(known)) judgement.found.push(foundIn("exec", known, placeOf(node)));
    }
  }
}

function keyOf(callee: t.Node, scope: Scope): Key {
  if (!isMember(callee)) return undefined;
  return callee.computed || callee.property.type !== "Identifier" ? constantOf(callee.property, scope) : callee.property.name;
}

function isReflect(callee: t.Node, scope: Scope, meanings: Meanings): boolean {
  return isMember(callee) && meanings.knownOf(callee.object, scope).includes("Reflect");
}

// What require, new Worker and new URL(…, import.meta.url) bring into the process.
function loadedBy({ call, scope }: CallSite, meanings: Meanings): string[] {
  const first = argumentsOf(call)[0];
  if (first === undefined) return [];
  const known = meanings.knownOf(calleeOf(call), scope);
  const loads = known.includes("require") || known.includes("getBuiltinModule");
  const runs = call.type === "NewExpression" && (known.includes("Worker") || known.includes("URL"));
  if (!loads && !runs) return [];
  return constantsOf(first, scope).filter((text) => text !== undefined && (loads || /^\.\.?\/.*\.[cm]?[jt]sx?$/.test(text))) as string[];
}
