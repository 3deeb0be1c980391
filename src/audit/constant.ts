// Strings that are the same in every run, so that `globalThis["ev" + "al"]` is read as what it is.
import type * as t from "@babel/types";
import type { Key, Scope } from "./scope.ts";
import { unwrap } from "./tree.ts";

// Found once: `a = b + b; b = c + c; ...` would double the work with each line.
const found = new WeakMap<t.Node, Key[]>();
const deepest = 30;
const longest = 1000;

/** The strings an expression may give; undefined among them where only running it would tell. */
export function constantsOf(expression: t.Node, scope: Scope, depth = 0): Key[] {
  const node = unwrap(expression);
  if (depth > deepest) return [undefined];
  const before = found.get(node);
  if (before !== undefined) return before;
  const constants = compute(node, scope, depth).map((text) => (text !== undefined && text.length > longest ? undefined : text));
  found.set(node, constants);
  return constants;
}

/** The one string an expression always gives. */
export function constantOf(node: t.Node, scope: Scope): Key {
  return single(node, scope, -1);
}

/** A literal as the rules mean it: nothing can get into it. */
export function isLiteral(expression: t.Node): boolean {
  const node = unwrap(expression);
  return node.type === "StringLiteral" || (node.type === "TemplateLiteral" && node.expressions.length === 0);
}

function compute(node: t.Node, scope: Scope, depth: number): Key[] {
  switch (node.type) {
    case "StringLiteral":
      return [node.value];
    case "NumericLiteral":
      return [String(node.value)];
    case "PrivateName":
      return [`#${node.id.name}`];
    case "TemplateLiteral":
      return [template(node, scope, depth)];
    case "ConditionalExpression":
      return [...constantsOf(node.consequent, scope, depth + 1), ...constantsOf(node.alternate, scope, depth + 1)].slice(0, 8);
    case "BinaryExpression": {
      if (node.operator !== "+") return [undefined];
      const left = single(node.left, scope, depth);
      const right = single(node.right, scope, depth);
      return [left === undefined || right === undefined ? undefined : left + right];
    }
    case "Identifier": {
      const binding = scope.lookup(node.name);
      const value = binding?.values[0];
      if (value === undefined || binding?.open === true || binding?.values.length !== 1) return [undefined];
      return "meanings" in value || value.path.length > 0 ? [undefined] : constantsOf(value.node, value.scope, depth + 1);
    }
    default:
      return [undefined];
  }
}

function single(node: t.Node, scope: Scope, depth: number): Key {
  const constants = constantsOf(node, scope, depth + 1);
  return constants.length === 1 ? constants[0] : undefined;
}

function template(node: t.TemplateLiteral, scope: Scope, depth: number): Key {
  let text = node.quasis[0]?.value.cooked ?? "";
  for (const [at, part] of node.expressions.entries()) {
    const constant = single(part, scope, depth);
    if (constant === undefined) return undefined;
    text += constant + (node.quasis[at + 1]?.value.cooked ?? "");
  }
  return text;
}
