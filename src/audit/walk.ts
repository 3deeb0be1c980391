// One walk over a file's tree: its scopes, and what must be judged once all of them are known.
import type * as t from "@babel/types";
import { declare, declareAll, declareFunction } from "./declare.ts";
import { spelled, spread } from "./pattern.ts";
import { Scope, type Value } from "./scope.ts";
import { argumentsOf, type Call, calleeOf, childrenOf, isCall, isFunction, isMember, placeOf, unwrap } from "./tree.ts";
import { Walked } from "./walked.ts";

// With a stack of its own: the depth of the source must not become the depth of calls.
export function walk(program: t.Program): Walked {
  const walked = new Walked();
  walked.top.declare("this");
  const stack: { node: t.Node; scope: Scope }[] = [{ node: program, scope: walked.top }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, scope } = next;
    const inner = enter(node, scope, walked);
    collect(node, inner, walked);
    for (const child of childrenOf(node).reverse()) stack.push({ node: child, scope: inner });
  }
  return walked;
}

function enter(node: t.Node, scope: Scope, walked: Walked): Scope {
  if (isFunction(node)) return declareFunction(node, scope, walked);
  declare(node, scope, walked);
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression": {
      const inner = new Scope(scope, false);
      if (node.id) (node.type === "ClassDeclaration" ? scope : inner).declare(node.id.name).put({ node, scope, path: [] });
      inner.declare("this");
      inner.declare("super").put(node.superClass ? { node: node.superClass, scope, path: [] } : undefined);
      return inner;
    }
    case "TSModuleBlock":
    case "StaticBlock":
      return new Scope(scope, true);
    case "BlockStatement":
    case "ForStatement":
    case "ForInStatement":
    case "SwitchStatement":
      return new Scope(scope, false);
    case "ForOfStatement": {
      const inner = new Scope(scope, false);
      const id = node.left.type === "VariableDeclaration" ? node.left.declarations[0]?.id : undefined;
      // Any element of what is looped over.
      if (id) declareAll(id, { node: node.right, scope, path: [undefined] }, inner);
      return inner;
    }
    case "CatchClause": {
      const inner = new Scope(scope, false);
      if (node.param) declareAll(node.param, undefined, inner);
      return inner;
    }
    default:
      return scope;
  }
}

function collect(node: t.Node, scope: Scope, walked: Walked): void {
  if (isCall(node)) collectCall(node, scope, walked);
  else if (node.type === "AssignmentExpression") {
    const known = node.operator === "=" || node.operator === "||=" || node.operator === "??=" || node.operator === "&&=";
    const value: Value | undefined = known ? { node: node.right, scope, path: [] } : undefined;
    spread(node.left, value, scope, (target, part) => walked.writes.push({ target, value: part, scope }));
    const left = unwrap(node.left);
    nameString(left.type === "Identifier" ? left : isMember(left) ? left.property : undefined, node.right, walked);
  } else if (node.type === "ReturnStatement") {
    if (node.argument) scope.function.returns.push({ node: node.argument, scope, path: [] });
  } else if (node.type === "VariableDeclarator") nameString(node.id, node.init, walked);
  else if (node.type === "ObjectProperty") nameString(node.key, node.value, walked);
  else if (node.type === "ClassProperty" || node.type === "ClassPrivateProperty" || node.type === "ClassAccessorProperty") {
    nameString(node.key, node.value, walked);
    const key = spelled(node.key, "computed" in node && node.computed === true);
    if (key !== undefined && node.value) scope.lookup("this")?.putMember(key, { node: node.value, scope, path: [] });
  } else if (node.type === "AssignmentPattern") nameString(node.left, node.right, walked);
  else if (node.type === "JSXAttribute" && node.name.type === "JSXIdentifier" && node.value) {
    if (node.value.type === "StringLiteral") walked.strings.push({ name: node.name.name, text: node.value.value, ...placeOf(node.value) });
  } else if (node.type === "ImportExpression") walked.loads.push({ node: node.source, scope });
}

function collectCall(call: Call, scope: Scope, walked: Walked): void {
  walked.calls.push({ call, scope });
  const callee = calleeOf(call);
  // `(run => run(x))(exec)`
  if (isFunction(callee))
    walked.given.set(
      callee,
      argumentsOf(call).map((node) => ({ node, scope, path: [] })),
    );
  // `import("child_process").then(({ exec }) => exec(x))`; a promise counts as what it comes to.
  if (!isMember(callee) || spelled(callee.property, callee.computed) !== "then") return;
  const then = argumentsOf(call)[0];
  if (then !== undefined && isFunction(then)) walked.given.set(then, [{ node: callee.object, scope, path: [] }]);
}

function nameString(key: t.Node | undefined, value: t.Node | null | undefined, walked: Walked): void {
  if (key === undefined || !value) return;
  const node = unwrap(value);
  if (node.type !== "StringLiteral" && node.type !== "TemplateLiteral") return;
  const name = spelled(key, false);
  const text = spelled(node, true);
  if (name !== undefined && text !== undefined) walked.strings.push({ name, text, ...placeOf(node) });
}
