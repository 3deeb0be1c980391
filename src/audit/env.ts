// Whether the environment gets into a value.
import type * as t from "@babel/types";
import type { Meanings } from "./meaning.ts";
import type { Scope } from "./scope.ts";
import { argumentsOf, calleeOf, isCall, isMember, unwrap } from "./tree.ts";

// What comes out of these is no text that anybody chose.
const harmless = new Set(["Number", "parseInt", "parseFloat", "Boolean", "BigInt"]);
const mostSteps = 2000;

/** True where a variable of the environment may be part of what the expression gives. */
export function carriesEnv(expression: t.Node, scope: Scope, meanings: Meanings): boolean {
  const seen = new Set<t.Node>();
  const stack: { node: t.Node; scope: Scope }[] = [{ node: expression, scope }];
  for (let next = stack.pop(); next !== undefined && seen.size < mostSteps; next = stack.pop()) {
    const node = unwrap(next.node);
    if (seen.has(node)) continue;
    seen.add(node);
    if (meanings.knownOf(node, next.scope).includes("env")) return true;
    if (node.type === "Identifier") {
      for (const value of next.scope.lookup(node.name)?.values ?? []) if ("node" in value) stack.push(value);
    } else for (const part of partsOf(node)) stack.push({ node: part, scope: next.scope });
  }
  return false;
}

/** True where the environment is put together with something else, not handed on as it is. */
export function concatenatesEnv(expression: t.Node, scope: Scope, meanings: Meanings): boolean {
  const node = unwrap(expression);
  if (node.type === "Identifier") {
    const values = scope.lookup(node.name)?.values ?? [];
    return values.some((value) => "node" in value && isConcatenation(value.node) && carriesEnv(value.node, value.scope, meanings));
  }
  return isConcatenation(node) && carriesEnv(node, scope, meanings);
}

function isConcatenation(node: t.Node): boolean {
  return (
    (node.type === "TemplateLiteral" && node.quasis.some((quasi) => quasi.value.raw !== "")) ||
    (node.type === "BinaryExpression" && node.operator === "+")
  );
}

// The parts of an expression that its value is made of.
function partsOf(node: t.Node): t.Node[] {
  if (isCall(node)) {
    const callee = calleeOf(node);
    if (callee.type === "Identifier" && harmless.has(callee.name)) return [];
    return isMember(callee) ? [callee.object, ...argumentsOf(node)] : argumentsOf(node);
  }
  switch (node.type) {
    case "TemplateLiteral":
      return node.expressions;
    case "BinaryExpression":
      return node.operator === "+" ? [node.left, node.right] : [];
    case "LogicalExpression":
      return [node.left, node.right];
    case "ConditionalExpression":
      return [node.consequent, node.alternate];
    case "ArrayExpression":
      return node.elements.filter((element) => element !== null);
    case "SpreadElement":
    case "AwaitExpression":
      return [node.argument];
    default:
      return isMember(node) ? [node.object] : [];
  }
}
