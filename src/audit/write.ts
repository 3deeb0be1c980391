// Assignments, which can only be placed once every declaration is known.
import type * as t from "@babel/types";
import { constantOf } from "./constant.ts";
import type { Scope, Value } from "./scope.ts";
import { isMember, unwrap } from "./tree.ts";
import type { Walked, Write } from "./walked.ts";

export function applyWrites(walked: Walked): void {
  for (const write of walked.writes) applyWrite(write, walked);
}

function applyWrite({ target, value, scope }: Write, walked: Walked): void {
  if (target.type === "Identifier") {
    const binding = scope.lookup(target.name) ?? walked.top.declare(target.name);
    binding.put(value);
    return;
  }
  if (value === undefined) return;
  const key = target.computed || target.property.type !== "Identifier" ? constantOf(target.property, scope) : target.property.name;
  if (key === undefined) return;
  const object = unwrap(target.object);
  if (isExports(object, scope)) walked.export(key, value);
  else if (isModule(object, scope) && key === "exports") walked.export("default", value);
  else assignMember(object, key, value, scope);
}

function assignMember(object: t.Node, key: string, value: Value, scope: Scope): void {
  const name = object.type === "Identifier" ? object.name : object.type === "ThisExpression" ? "this" : undefined;
  if (name !== undefined) scope.lookup(name)?.putMember(key, value);
}

// `exports` and `module.exports` of CommonJS.
function isExports(node: t.Node, scope: Scope): boolean {
  if (node.type === "Identifier") return node.name === "exports" && scope.lookup("exports") === undefined;
  return isMember(node) && isModule(unwrap(node.object), scope) && node.property.type === "Identifier" && node.property.name === "exports";
}

function isModule(node: t.Node, scope: Scope): boolean {
  return node.type === "Identifier" && node.name === "module" && scope.lookup("module") === undefined;
}
