// The syntax tree as the audit uses it: only code that runs, without types, comments and positions.
import type * as t from "@babel/types";

// Keys that hold positions, comments and types.
const skippedKeys = new Set(
  "loc extra comments errors leadingComments innerComments trailingComments typeAnnotation returnType typeParameters typeArguments superTypeArguments superTypeParameters implements predicate".split(
    " ",
  ),
);

// Only these TypeScript nodes produce code that runs.
const runningTypes = new Set(
  "AsExpression SatisfiesExpression NonNullExpression TypeAssertion InstantiationExpression EnumDeclaration EnumBody EnumMember ModuleDeclaration ModuleBlock ExportAssignment ImportEqualsDeclaration ExternalModuleReference QualifiedName ParameterProperty"
    .split(" ")
    .map((name) => `TS${name}`),
);

// The parent is stored on the node itself: a map with each node of a file would take longer than the rest of the walk.
const parent: unique symbol = Symbol("parent");

export function parentOf(node: t.Node): t.Node | undefined {
  return (node as { [parent]?: t.Node })[parent];
}

function adopt(child: t.Node & { [parent]?: t.Node }, node: t.Node): t.Node {
  child[parent] = node;
  return child;
}

/** Calls `visit` for each child of a node that runs, and sets the parent of the child. */
export function eachChild(node: t.Node, visit: (child: t.Node) => void): void {
  // Object.entries is avoided, because its pairs would be most of the memory that the walk allocates.
  for (const key in node) {
    const value: unknown = node[key as keyof t.Node];
    if (typeof value !== "object" || value === null || skippedKeys.has(key)) continue;
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child) && runs(child)) visit(adopt(child, node));
    } else if (isNode(value) && runs(value)) visit(adopt(value, node));
  }
}

const wrappers = new Set(
  "TSAsExpression TSSatisfiesExpression TSNonNullExpression TSTypeAssertion TSInstantiationExpression ParenthesizedExpression".split(" "),
);

/** The expression inside parentheses and TypeScript assertions. */
export function unwrap(node: t.Node): t.Node {
  let inner = node;
  while (wrappers.has(inner.type)) inner = (inner as t.ParenthesizedExpression).expression;
  return inner;
}

/** The start of a node, counted from 1. */
export function placeOf(node: t.Node): { line: number; column: number } {
  const start = node.loc?.start;
  return { line: start?.line ?? 1, column: (start?.column ?? 0) + 1 };
}

export type Call = t.CallExpression | t.OptionalCallExpression | t.NewExpression | t.TaggedTemplateExpression;

export function isCall(node: t.Node): node is Call {
  return (
    node.type === "CallExpression" ||
    node.type === "OptionalCallExpression" ||
    node.type === "NewExpression" ||
    node.type === "TaggedTemplateExpression"
  );
}

export function calleeOf(call: Call): t.Node {
  return unwrap(call.type === "TaggedTemplateExpression" ? call.tag : call.callee);
}

/** A tagged template passes the template to its tag as the first argument. */
export function argumentsOf(call: Call): t.Node[] {
  return call.type === "TaggedTemplateExpression" ? [call.quasi] : call.arguments;
}

export function isMember(node: t.Node): node is t.MemberExpression | t.OptionalMemberExpression {
  return node.type === "MemberExpression" || node.type === "OptionalMemberExpression";
}

const functions = new Set(
  "ArrowFunctionExpression FunctionDeclaration FunctionExpression ObjectMethod ClassMethod ClassPrivateMethod".split(" "),
);

export function isFunction(node: t.Node): node is t.Function {
  return functions.has(node.type);
}

export function isClass(node: t.Node): node is t.Class {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

function isNode(value: unknown): value is t.Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function runs(node: t.Node): boolean {
  if (node.type.startsWith("TS")) return runningTypes.has(node.type) && !isAmbient(node);
  return !isAmbient(node);
}

// `declare const require: any` only describes a value, and creates none.
function isAmbient(node: t.Node): boolean {
  if ("declare" in node && node.declare === true) return true;
  if ("importKind" in node && node.importKind === "type") return true;
  return "exportKind" in node && node.exportKind === "type";
}

/** The name of a key as the source writes it; undefined for an expression. */
export function spelled(key: t.Node, computed: boolean): string | undefined {
  if (key.type === "StringLiteral") return key.value;
  if (key.type === "NumericLiteral") return String(key.value);
  if (key.type === "PrivateName") return `#${key.id.name}`;
  if (key.type === "JSXIdentifier") return key.name;
  return key.type === "Identifier" && !computed ? key.name : undefined;
}

/** True for the outermost node of a text that the source writes in another form: joined, or with escapes. */
export function isTopOfText(node: t.Node): boolean {
  if (node.type === "StringLiteral") return String(node.extra?.["raw"]).includes("\\");
  if (node.type === "TemplateLiteral") return node.quasis.length > 1 || node.quasis[0]?.value.raw !== node.quasis[0]?.value.cooked;
  return node.type === "BinaryExpression" && node.operator === "+" && parentOf(node)?.type !== "BinaryExpression";
}
