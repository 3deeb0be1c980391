// One walk over the tree of a file: parents, scopes, and the nodes that the later steps start from.
import type * as t from "@babel/types";
import { Binding, Scope } from "./scope.ts";
import { type Call, childrenOf, isCall, isFunction, isMember, isTopOfText, unwrap } from "./tree.ts";

export type Walked = {
  parents: Map<t.Node, t.Node>;
  /** What each identifier, `this` and `super` stands for. */
  bindings: Map<t.Node, Binding>;
  /** Names that nothing in the file declares. */
  globals: Map<string, Binding>;
  /** The own name of a function or class. */
  names: Map<t.Node, Binding>;
  /** `this` and `super` of each class. */
  classes: Map<t.Node, { self: Binding; base: Binding }>;
  functions: t.Node[];
  calls: Call[];
  members: t.MemberExpression[];
  imports: (t.ImportDeclaration | t.ExportNamedDeclaration | t.ExportAllDeclaration | t.TSImportEqualsDeclaration)[];
  loads: (t.ImportExpression | t.MetaProperty)[];
  /** Values with the name of what they are given to. */
  named: { key: t.Node; value: t.Node }[];
  /** Constant texts that are spelled otherwise than they read: joined, or written with escapes. */
  texts: t.Node[];
};

export function walk(program: t.Program): Walked {
  const top = new Scope(undefined, true);
  top.declare("this");
  const walked: Walked = {
    parents: new Map(),
    bindings: new Map(),
    globals: new Map(),
    names: new Map(),
    classes: new Map(),
    functions: [],
    calls: [],
    members: [],
    imports: [],
    loads: [],
    named: [],
    texts: [],
  };
  const uses: { node: t.Node; name: string; scope: Scope }[] = [];
  const writes: t.AssignmentExpression[] = [];
  // An own stack: the nesting of the source must not become the nesting of calls.
  const stack: { node: t.Node; scope: Scope }[] = [{ node: program, scope: top }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node } = next;
    const scope = enter(node, next.scope, walked);
    if (node.type === "Identifier") uses.push({ node, name: node.name, scope });
    else if (node.type === "ThisExpression" || node.type === "Super")
      uses.push({ node, name: node.type === "Super" ? "super" : "this", scope });
    else if (node.type === "AssignmentExpression") writes.push(node);
    collect(node, walked);
    const children = childrenOf(node);
    for (let at = children.length - 1; at >= 0; at--) {
      const child = children[at] as t.Node;
      walked.parents.set(child, node);
      stack.push({ node: child, scope });
    }
  }
  // Only now is every declaration known: `var` and functions may be used above their line.
  for (const { node, name, scope } of uses) {
    const binding = scope.lookup(name) ?? globalOf(name, walked);
    binding.uses.push(node);
    walked.bindings.set(node, binding);
  }
  for (const { left, operator, right } of writes) walked.bindings.get(unwrap(left))?.values.push(operator === "=" ? right : null);
  return walked;
}

function globalOf(name: string, { globals }: Walked): Binding {
  let binding = globals.get(name);
  if (binding === undefined) globals.set(name, (binding = new Binding()));
  return binding;
}

// Declares what the node declares; returns the scope inside it.
function enter(node: t.Node, scope: Scope, walked: Walked): Scope {
  if (isFunction(node)) return enterFunction(node, scope, walked);
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression": {
      const inner = new Scope(scope, false);
      walked.classes.set(node, { self: inner.declare("this"), base: inner.declare("super") });
      if (node.id) walked.names.set(node, own(node.type === "ClassDeclaration" ? scope : inner, node.id.name, node));
      return inner;
    }
    case "TSModuleBlock":
    case "StaticBlock":
      return new Scope(scope, true);
    case "BlockStatement":
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "SwitchStatement":
      return new Scope(scope, false);
    case "CatchClause": {
      const inner = new Scope(scope, false);
      if (node.param) declareAll(node.param, null, inner);
      return inner;
    }
    case "VariableDeclaration": {
      const parent = walked.parents.get(node);
      const unseen = parent?.type === "ForOfStatement" || parent?.type === "ForInStatement" ? null : undefined;
      for (const { id, init } of node.declarations) {
        const declared = declareAll(id, init ?? unseen, node.kind === "var" ? scope.function : scope);
        if (parent?.type === "ExportNamedDeclaration") for (const [name, binding] of declared) binding.exported.push(name);
      }
      return scope;
    }
    case "TSEnumDeclaration":
    case "TSModuleDeclaration":
    case "TSImportEqualsDeclaration":
      if (node.id.type === "Identifier") own(scope, node.id.name, null);
      return scope;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
      own(scope, node.local.name, null);
      return scope;
    case "ExportNamedDeclaration":
      return scope;
    default:
      return scope;
  }
}

function enterFunction(node: t.Function, scope: Scope, walked: Walked): Scope {
  const inner = new Scope(scope, true);
  if ("id" in node && node.id) walked.names.set(node, own(node.type === "FunctionDeclaration" ? scope : inner, node.id.name, node));
  for (const parameter of node.params) declareAll(parameter, null, inner);
  return inner;
}

function own(scope: Scope, name: string, value: t.Node | null): Binding {
  const binding = scope.declare(name);
  binding.values.push(value);
  return binding;
}

// Declares each name of a pattern. Undefined stands for `let x;`, which gives no value.
function declareAll(pattern: t.Node, value: t.Node | null | undefined, scope: Scope): Map<string, Binding> {
  const declared = new Map<string, Binding>();
  const open: { node: t.Node; value: t.Node | null | undefined }[] = [{ node: pattern, value }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = unwrap(next.node);
    const inside = (part: t.Node | null) => part !== null && open.push({ node: part, value: null });
    if (node.type === "Identifier") {
      const binding = scope.declare(node.name);
      if (next.value !== undefined) binding.values.push(next.value);
      declared.set(node.name, binding);
    } else if (node.type === "AssignmentPattern") inside(node.left);
    else if (node.type === "RestElement") inside(node.argument);
    else if (node.type === "TSParameterProperty") inside(node.parameter);
    else if (node.type === "ArrayPattern") node.elements.forEach(inside);
    else if (node.type === "ObjectPattern")
      for (const part of node.properties) inside(part.type === "RestElement" ? part.argument : part.value);
  }
  return declared;
}

function collect(node: t.Node, walked: Walked): void {
  if (isFunction(node) || node.type === "ClassDeclaration" || node.type === "ClassExpression") {
    walked.functions.push(node);
    const binding = walked.names.get(node);
    if (binding !== undefined && walked.parents.get(node)?.type === "ExportNamedDeclaration" && "id" in node && node.id)
      binding.exported.push((node.id as t.Identifier).name);
  } else if (isCall(node)) walked.calls.push(node);
  else if (isMember(node)) walked.members.push(node as t.MemberExpression);
  if (isTopOfText(node, walked.parents.get(node))) walked.texts.push(node);
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "TSImportEqualsDeclaration":
      walked.imports.push(node);
      return;
    case "ImportExpression":
    case "MetaProperty":
      walked.loads.push(node);
      return;
    case "AssignmentExpression": {
      const left = unwrap(node.left);
      name(isMember(left) ? left.property : left, node.right, walked);
      return;
    }
    case "AssignmentPattern":
      name(node.left, node.right, walked);
      return;
    case "VariableDeclarator":
      name(node.id, node.init, walked);
      return;
    case "ObjectProperty":
    case "ClassProperty":
    case "ClassPrivateProperty":
    case "ClassAccessorProperty":
      name(node.key, node.value, walked);
      return;
    case "JSXAttribute":
      name(node.name, node.value, walked);
      return;
    default:
  }
}

function name(key: t.Node, value: t.Node | null | undefined, walked: Walked): void {
  if (!value) return;
  const { type } = unwrap(value);
  if (type === "StringLiteral" || type === "TemplateLiteral" || type === "BinaryExpression") walked.named.push({ key, value });
}
