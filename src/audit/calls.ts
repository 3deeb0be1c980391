// Decides what happens to a value that is called, is an argument of a call, or has a member that is called.
import type * as t from "@babel/types";
import { environment } from "./command.ts";
import type { Flow } from "./flow.ts";
import { importedBy, isEnvironment, isExec, moduleNamed } from "./platform.ts";
import { argumentsOf, type Call, calleeOf, isCall, isFunction, isMember, parentOf, unwrap } from "./tree.ts";
import { asValue, element, isIndex, member, type Value } from "./value.ts";

type Member = t.MemberExpression | t.OptionalMemberExpression;

// Methods that call their argument with each element.
const callers = new Set(["map", "forEach", "flatMap", "filter", "some", "every", "find", "reduce"]);
const later = new Set(["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "process.nextTick"]);
// The results of these calls are not text that an attacker can choose.
const harmless = new Set(["Number", "parseInt", "parseFloat", "Boolean", "BigInt"]);
const reflects = new Set(["Reflect.apply", "Reflect.construct", "Reflect.get"]);

export function arriveAsCallee(call: Call, value: Value, flow: Flow): void {
  if (value.path.length > 0) {
    if (value.path[0] === "()") flow.arrive(call, asValue(value.ref, value.path.slice(1), value.isPicked));
    return;
  }
  const given = argumentsOf(call);
  const refs = flow.called.get(call) ?? new Set();
  flow.called.set(call, refs.add(value.ref));
  flow.judged.push({ node: call, ref: value.ref, given });
  flow.arrive(call, resultOf(call, value.ref, flow));
  for (const [at, argument] of given.entries()) for (const handed of flow.valuesAt(argument)) pass(call, value.ref, at, handed, flow);
}

// The value that a call of a known function returns.
function resultOf(call: Call, ref: string, flow: Flow): Value | undefined {
  const [first] = argumentsOf(call);
  if (isEnvironment(ref)) return asValue(ref);
  if (importedBy(ref) !== undefined) return member(asValue(ref), "()");
  switch (ref) {
    case "require":
    case "process.getBuiltinModule":
      for (const specifier of first === undefined ? [] : flow.constants.texts(first)) arriveFromImport(call, specifier, flow);
      return undefined;
    case "node:module.createRequire":
      return asValue("require");
    case "node:module":
      return call.type === "NewExpression" ? asValue("node:module") : undefined;
    case "URL.createObjectURL":
      return asValue("blob:");
    case "URL":
    case "Worker": {
      // The file that `new Worker(new URL("./a.ts", import.meta.url))` loads into the process.
      const address = first === undefined ? undefined : flow.constants.text(first);
      if (call.type === "NewExpression" && address !== undefined && /^\.\.?\/.*\.[cm]?[jt]sx?$/.test(address)) flow.imports.add(address);
      return first !== undefined && flow.mayBe(first, "blob:") ? asValue("blob:") : undefined;
    }
    default:
      return undefined;
  }
}

/** The value that `import()` and `require` return. */
export function arriveFromImport(node: t.Node, specifier: string | undefined, flow: Flow): void {
  if (specifier === undefined) return;
  flow.imports.add(specifier);
  const ref = moduleNamed(specifier);
  if (ref !== undefined) flow.arrive(node, asValue(ref));
}

export function arriveAsArgument(call: Call, node: t.Node, value: Value, flow: Flow): void {
  const callee = calleeOf(call);
  const at = argumentsOf(call).indexOf(node);
  const key = isMember(callee) ? flow.constants.key(callee.property, callee.computed) : undefined;
  const target = isFunction(callee) ? callee : flow.constants.literal(callee);
  if (isFunction(target) && value.ref !== "function") {
    const parameter = target.params[at];
    if (parameter !== undefined && parameter.type !== "RestElement") flow.bind(parameter, value);
  }
  if (isEnvironment(value.ref) && !(callee.type === "Identifier" && harmless.has(callee.name)))
    flow.arrive(call, value.path.length === 0 ? asValue(environment.itself) : undefined);
  if (key === "then" && value.path[0] === "()") flow.arrive(call, asValue(value.ref, value.path.slice(1)));
  if (value.path.length === 0) {
    const isReflected = isMember(callee) && unwrap(callee.object).type === "Identifier" && flow.mayBe(callee.object, "Reflect");
    // No finding where eval is only one of many values, as in a table of all globals.
    if (value.ref === "eval" && !value.isPicked && !isReflected) hand(node, value.ref, flow);
    else if (key !== undefined && (key === "then" || callers.has(key))) handCallable(node, value.ref, flow);
  }
  for (const ref of flow.called.get(call) ?? []) pass(call, ref, at, value, flow);
}

// A function whose source is known receives a value as an argument.
function pass(call: Call, ref: string, at: number, value: Value, flow: Flow): void {
  if (later.has(ref)) {
    if (at === 0 && value.path.length === 0) handCallable(argumentsOf(call)[at] as t.Node, value.ref, flow);
  } else if (ref === "Object.assign") {
    flow.arrive(call, value);
    const target = argumentsOf(call)[0];
    if (at > 0 && target !== undefined && target.type !== "ObjectExpression") flow.bind(target, value);
  } else if (at > 0) return;
  else if (ref === "node:util.promisify" || ref === "Object.freeze") flow.arrive(call, value);
  else if (ref === "URL" && value.ref === "blob:") flow.arrive(call, value);
  else if (ref.endsWith(".getPrototypeOf") && value.path.length === 0) flow.arrive(call, asValue("function"));
  else if (reflects.has(ref)) reflect(call, ref, value, flow);
}

function reflect(call: Call, ref: string, value: Value, flow: Flow): void {
  const [, second, third] = argumentsOf(call);
  if (ref === "Reflect.get") {
    for (const key of second === undefined ? [] : flow.constants.texts(second)) flow.arrive(call, member(value, key));
  } else if (value.path.length === 0)
    flow.judged.push({ node: call, ref: value.ref, given: listed(ref === "Reflect.apply" ? third : second) });
}

function listed(node: t.Node | undefined): readonly t.Node[] | null {
  return node?.type === "ArrayExpression" ? node.elements.filter((element) => element !== null) : null;
}

export function arriveAsObject(node: Member, value: Value, flow: Flow): void {
  const keys = node.computed ? flow.constants.texts(node.property) : [flow.constants.key(node.property, false)];
  const call = callOf(node);
  for (const key of keys) {
    flow.arrive(node, member(value, key));
    if (call !== undefined && key !== undefined) callMember(call, key, value, flow);
  }
}

/** The call whose callee is the node. */
function callOf(node: t.Node): Call | undefined {
  let callee = node;
  let around = parentOf(callee);
  while (around !== undefined && !isCall(around) && unwrap(around) === node) {
    callee = around;
    around = parentOf(callee);
  }
  return around !== undefined && isCall(around) && calleeOf(around) === node ? around : undefined;
}

// `f.call(this, x)`, `f.apply(this, [x])`, `f.bind(this, x)`, `promise.then(f)`, `list.map(f)`, `list.join(" ")`
function callMember(call: Call, key: string, value: Value, flow: Flow): void {
  const given = argumentsOf(call);
  const [first] = given;
  const isItself = value.path.length === 0;
  if (key === "bind") flow.arrive(call, value);
  if (isItself && (key === "call" || (key === "bind" && given.length > 1)))
    flow.judged.push({ node: call, ref: value.ref, given: given.slice(1) });
  if (isItself && key === "apply" && given.length > 0 && value.ref !== "Reflect")
    flow.judged.push({ node: call, ref: value.ref, given: listed(given[1]) });
  if ((key === "call" || key === "apply") && value.path[0] === "()") flow.arrive(call, asValue(value.ref, value.path.slice(1)));
  if (key === "catch" || key === "finally") flow.arrive(call, value);
  if (key === "join" && isEnvironment(value.ref) && isIndex(value.path[0])) flow.arrive(call, asValue(environment.joined));
  const inside = key === "then" ? value : callers.has(key) ? element(value) : undefined;
  if (first !== undefined && isFunction(first)) flow.bind(first.params[key === "reduce" ? 1 : 0] ?? first, inside);
}

function handCallable(node: t.Node, ref: string, flow: Flow): void {
  if (ref === "eval" || ref === "Function" || isExec(ref)) hand(node, ref, flow);
}

// Code outside this file makes the call, with arguments that are not known.
function hand(node: t.Node, ref: string, flow: Flow): void {
  flow.judged.push({ node, ref, given: null });
}
