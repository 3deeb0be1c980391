// One walk over the tree of a file: sets parents and scopes, and collects the nodes where the later steps start.
import type * as t from "@babel/types";
import { Binding, bindingOf, Scope, use } from "./scope.ts";
import { eachChild, isClass, isFunction, isMember, isTopOfText, parentOf, unwrap } from "./tree.ts";

export class WalkedTree {
  /** Names that the file does not declare. */
  readonly globals = new Map<string, Binding>();
  /** The name of a function or class itself. */
  readonly names = new Map<t.Node, Binding>();
  /** `this` and `super` of each class. */
  readonly classes = new Map<t.Node, { self: Binding; base: Binding }>();
  readonly functions: (t.Function | t.Class)[] = [];
  readonly members: t.MemberExpression[] = [];
  readonly imports: (t.ImportDeclaration | t.ExportNamedDeclaration | t.ExportAllDeclaration | t.TSImportEqualsDeclaration)[] = [];
  readonly loads: (t.ImportExpression | t.MetaProperty)[] = [];
  /** Texts, each with the name that it is assigned to. */
  readonly named: { key: t.Node; value: t.Node }[] = [];
  /** Texts that the source writes in another form than they read: joined, or with escapes. */
  readonly texts: t.Node[] = [];
}

export function walk(program: t.Program): WalkedTree {
  const walked = new WalkedTree();
  const top = new Scope(undefined, true);
  top.declare("this");
  const uses: { node: t.Node; name: string; scope: Scope }[] = [];
  const writes: t.AssignmentExpression[] = [];
  // An explicit stack, because deeply nested source must not overflow the call stack.
  const stack: { node: t.Node; scope: Scope }[] = [{ node: program, scope: top }];
  let scope = top;
  // One function for all nodes, not one for each.
  const push = (child: t.Node) => stack.push({ node: child, scope });
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node } = next;
    scope = enter(node, next.scope, walked);
    if (node.type === "Identifier") uses.push({ node, name: node.name, scope });
    else if (node.type === "ThisExpression") uses.push({ node, name: "this", scope });
    else if (node.type === "Super") uses.push({ node, name: "super", scope });
    else if (node.type === "AssignmentExpression") writes.push(node);
    collect(node, walked);
    eachChild(node, push);
  }
  // Names are resolved at the end, because `var` and functions may be used above their declaration.
  for (const { node, name, scope } of uses) {
    const binding = scope.lookup(name) ?? walked.globals.get(name) ?? new Binding();
    if (binding.uses.length === 0 && scope.lookup(name) === undefined) walked.globals.set(name, binding);
    use(node, binding);
  }
  for (const { left, operator, right } of writes) bindingOf(unwrap(left))?.values.push(operator === "=" ? right : null);
  return walked;
}

const blocks = new Set(["BlockStatement", "ForStatement", "ForInStatement", "ForOfStatement", "SwitchStatement", "CatchClause"]);

// Adds the declarations of the node, and returns the scope inside it.
function enter(node: t.Node, scope: Scope, walked: WalkedTree): Scope {
  if (node.type === "VariableDeclaration") declareVariables(node, scope);
  else if (isFunction(node) || isClass(node)) return enterNamed(node, scope, walked);
  else if (node.type === "TSModuleBlock" || node.type === "StaticBlock") return new Scope(scope, true);
  else if (blocks.has(node.type)) {
    const inner = new Scope(scope, false);
    if (node.type === "CatchClause" && node.param) declareAll(node.param, null, inner);
    return inner;
  } else if (node.type === "TSEnumDeclaration" || node.type === "TSModuleDeclaration" || node.type === "TSImportEqualsDeclaration")
    declareAll(node.id, null, scope);
  else if (node.type === "ImportSpecifier" || node.type === "ImportDefaultSpecifier" || node.type === "ImportNamespaceSpecifier")
    declareAll(node.local, null, scope);
  return scope;
}

function declareVariables(node: t.VariableDeclaration, scope: Scope): void {
  const parent = parentOf(node);
  const unseen = parent?.type === "ForOfStatement" || parent?.type === "ForInStatement" ? null : undefined;
  for (const { id, init } of node.declarations)
    for (const [name, binding] of declareAll(id, init ?? unseen, node.kind === "var" ? scope.function : scope))
      if (parent?.type === "ExportNamedDeclaration") binding.exported.push(name);
}

function enterNamed(node: t.Function | t.Class, scope: Scope, walked: WalkedTree): Scope {
  const inner = new Scope(scope, isFunction(node));
  walked.functions.push(node);
  if ("id" in node && node.id) {
    const binding = (node.type.endsWith("Declaration") ? scope : inner).declare(node.id.name);
    binding.values.push(node);
    walked.names.set(node, binding);
    if (parentOf(node)?.type === "ExportNamedDeclaration") binding.exported.push(node.id.name);
  }
  if (isClass(node)) walked.classes.set(node, { self: inner.declare("this"), base: inner.declare("super") });
  else for (const parameter of node.params) declareAll(parameter, null, inner);
  return inner;
}

// Declares each name of a pattern. Undefined stands for `let x;`, which assigns no value.
function declareAll(pattern: t.Node, given: t.Node | null | undefined, scope: Scope): Map<string, Binding> {
  const declared = new Map<string, Binding>();
  const open: { node: t.Node; value: t.Node | null | undefined }[] = [{ node: pattern, value: given }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = unwrap(next.node);
    if (node.type === "Identifier") {
      const binding = scope.declare(node.name);
      if (next.value !== undefined) binding.values.push(next.value);
      declared.set(node.name, binding);
    } else for (const part of partsOf(node)) open.push({ node: part, value: null });
  }
  return declared;
}

function partsOf(pattern: t.Node): t.Node[] {
  if (pattern.type === "AssignmentPattern") return [pattern.left];
  if (pattern.type === "RestElement") return [pattern.argument];
  if (pattern.type === "TSParameterProperty") return [pattern.parameter];
  if (pattern.type === "ArrayPattern") return pattern.elements.filter((part) => part !== null);
  return pattern.type === "ObjectPattern" ? pattern.properties.map((part) => (part.type === "RestElement" ? part : part.value)) : [];
}

function collect(node: t.Node, walked: WalkedTree): void {
  if (isMember(node)) walked.members.push(node as t.MemberExpression);
  else if (node.type === "ImportExpression" || node.type === "MetaProperty") walked.loads.push(node);
  else if (
    node.type === "ImportDeclaration" ||
    node.type === "ExportNamedDeclaration" ||
    node.type === "ExportAllDeclaration" ||
    node.type === "TSImportEqualsDeclaration"
  )
    walked.imports.push(node);
  else if (isTopOfText(node)) walked.texts.push(node);
  const [name, text] = naming.get(node.type) ?? [];
  if (name !== undefined && text !== undefined) collectNamed(node[name as keyof t.Node], node[text as keyof t.Node], walked);
}

// The parts that hold a name and the value assigned to it.
const naming = new Map<t.Node["type"], [name: string, text: string]>([
  ["VariableDeclarator", ["id", "init"]],
  ["AssignmentExpression", ["left", "right"]],
  ["AssignmentPattern", ["left", "right"]],
  ["ObjectProperty", ["key", "value"]],
  ["ClassProperty", ["key", "value"]],
  ["ClassPrivateProperty", ["key", "value"]],
  ["ClassAccessorProperty", ["key", "value"]],
  ["JSXAttribute", ["name", "value"]],
]);

function collectNamed(name: unknown, text: unknown, walked: WalkedTree): void {
  const key = unwrap(name as t.Node);
  const value = text ? unwrap(text as t.Node) : undefined;
  if (value?.type === "StringLiteral" || value?.type === "TemplateLiteral" || value?.type === "BinaryExpression")
    walked.named.push({ key: isMember(key) ? key.property : key, value });
}
