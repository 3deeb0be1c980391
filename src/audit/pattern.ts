// Destructuring: which part of a value each name or member of a pattern gets.
import type * as t from "@babel/types";
import { type Key, memberValue, type Scope, type Value } from "./scope.ts";
import { isMember, unwrap } from "./tree.ts";

export type Target = t.Identifier | t.MemberExpression | t.OptionalMemberExpression;

/** Calls `put` for each target in the pattern; undefined stands for a value nothing here shows. */
export function spread(
  pattern: t.Node,
  value: Value | undefined,
  scope: Scope,
  put: (target: Target, value: Value | undefined) => void,
): void {
  const target = unwrap(pattern);
  if (target.type === "Identifier" || isMember(target)) put(target, value);
  else if (target.type === "AssignmentPattern") {
    spread(target.left, value, scope, put);
    spread(target.left, { node: target.right, scope, path: [] }, scope, put);
  } else if (target.type === "ObjectPattern") {
    for (const part of target.properties) {
      // What is left over still has the members of the whole.
      if (part.type === "RestElement") spread(part.argument, value, scope, put);
      else spread(part.value, memberValue(value, keyIn(part)), scope, put);
    }
  } else if (target.type === "ArrayPattern") {
    for (const [at, part] of target.elements.entries()) if (part !== null) spread(part, memberValue(value, String(at)), scope, put);
  } else if (target.type === "RestElement") spread(target.argument, undefined, scope, put);
  else if (target.type === "TSParameterProperty") spread(target.parameter, value, scope, put);
}

/** The key of a property, class member or member expression where the source spells it. */
export function keyIn(node: { key: t.Node; computed?: boolean | null }): Key {
  return spelled(node.key, node.computed === true);
}

export function spelled(key: t.Node, computed: boolean): Key {
  if (key.type === "StringLiteral") return key.value;
  if (key.type === "NumericLiteral") return String(key.value);
  if (key.type === "PrivateName") return `#${key.id.name}`;
  if (key.type === "TemplateLiteral" && key.expressions.length === 0) return key.quasis[0]?.value.cooked ?? undefined;
  return key.type === "Identifier" && !computed ? key.name : undefined;
}
