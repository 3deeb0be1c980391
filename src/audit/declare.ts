// Declarations of every kind, into the scope they belong to.
import type * as t from "@babel/types";
import { importedFrom } from "./imported.ts";
import { spread } from "./pattern.ts";
import { Scope, type Value } from "./scope.ts";
import type { Walked } from "./walked.ts";

/** Declares what a node other than a function declares. */
export function declare(node: t.Node, scope: Scope, walked: Walked): void {
  switch (node.type) {
    case "VariableDeclaration": {
      const home = node.kind === "var" ? scope.function : scope;
      for (const { id, init } of node.declarations) {
        const value: Value | undefined = init ? { node: init, scope, path: [] } : undefined;
        declareAll(id, value, home);
      }
      return;
    }
    case "TSEnumDeclaration":
      scope.declare(node.id.name).put(undefined);
      return;
    case "TSModuleDeclaration":
      if (node.id.type === "Identifier") scope.declare(node.id.name).put(undefined);
      return;
    case "TSParameterProperty": {
      // `constructor(private run = exec)`
      const { parameter } = node;
      if (parameter.type !== "AssignmentPattern" || parameter.left.type !== "Identifier") return;
      scope.lookup("this")?.putMember(parameter.left.name, { node: parameter.right, scope, path: [] });
      return;
    }
    case "ImportDeclaration":
    case "TSImportEqualsDeclaration":
      declareImport(node, scope, walked);
      return;
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ExportDefaultDeclaration":
    case "TSExportAssignment":
      declareExport(node, scope, walked);
      return;
    default:
  }
}

/** Declares every name of a pattern. */
export function declareAll(pattern: t.Node, value: Value | undefined, scope: Scope): void {
  spread(pattern, value, scope, (target, part) => target.type === "Identifier" && scope.declare(target.name).put(part));
}

/** Declares a function's name around it and its parameters inside; returns the scope inside. */
export function declareFunction(node: t.Function, scope: Scope, walked: Walked): Scope {
  const inner = new Scope(scope, true);
  walked.functions.set(node, inner);
  if ("id" in node && node.id) {
    const home = node.type === "FunctionDeclaration" ? scope : inner;
    home.declare(node.id.name).put({ node, scope, path: [] });
  }
  const given = walked.given.get(node);
  for (const [at, parameter] of node.params.entries()) {
    declareAll(parameter, given?.[at], inner);
  }
  if (node.body.type !== "BlockStatement") inner.returns.push({ node: node.body, scope: inner, path: [] });
  return inner;
}

function declareImport(node: t.ImportDeclaration | t.TSImportEqualsDeclaration, scope: Scope, walked: Walked): void {
  if (node.type === "TSImportEqualsDeclaration") {
    const reference = node.moduleReference;
    if (reference.type !== "TSExternalModuleReference") scope.declare(node.id.name).put({ node: reference, scope, path: [] });
    else if (reference.expression.type === "StringLiteral") {
      walked.imports.add(reference.expression.value);
      scope.declare(node.id.name).put({ meanings: importedFrom(reference.expression.value, []) });
    }
    return;
  }
  const specifier = node.source.value;
  if (isCode(node)) walked.imports.add(specifier);
  for (const part of node.specifiers) {
    if (part.type === "ImportSpecifier" && part.importKind === "type") continue;
    const path = part.type === "ImportSpecifier" ? [nameOf(part.imported)] : part.type === "ImportDefaultSpecifier" ? ["default"] : [];
    scope.declare(part.local.name).put({ meanings: importedFrom(specifier, path) });
  }
}

type Export = t.ExportNamedDeclaration | t.ExportAllDeclaration | t.ExportDefaultDeclaration | t.TSExportAssignment;

function declareExport(node: Export, scope: Scope, walked: Walked): void {
  if (node.type === "TSExportAssignment") walked.export("default", { node: node.expression, scope, path: [] });
  else if (node.type === "ExportDefaultDeclaration") walked.export("default", { node: node.declaration, scope, path: [] });
  else if (node.type === "ExportAllDeclaration") {
    walked.imports.add(node.source.value);
    walked.starExports.push(node.source.value);
  } else declareNamed(node, scope, walked);
}

function declareNamed(node: t.ExportNamedDeclaration, scope: Scope, walked: Walked): void {
  if (node.source) walked.imports.add(node.source.value);
  for (const part of node.specifiers) {
    const name = nameOf(part.exported);
    if (part.type === "ExportSpecifier" && part.exportKind === "type") continue;
    const path = part.type === "ExportSpecifier" ? [nameOf(part.local)] : part.type === "ExportDefaultSpecifier" ? ["default"] : [];
    if (node.source) walked.export(name, { meanings: importedFrom(node.source.value, path) });
    else if (part.type === "ExportSpecifier") walked.export(name, { node: part.local, scope, path: [] });
  }
  const declaration = node.declaration;
  if (declaration?.type === "VariableDeclaration") {
    for (const { id } of declaration.declarations) {
      spread(
        id,
        undefined,
        scope,
        (target) => target.type === "Identifier" && walked.export(target.name, { node: target, scope, path: [] }),
      );
    }
  } else if (declaration && "id" in declaration && declaration.id?.type === "Identifier") {
    walked.export(declaration.id.name, { node: declaration.id, scope, path: [] });
  }
}

function nameOf(node: t.Identifier | t.StringLiteral): string {
  return node.type === "Identifier" ? node.name : node.value;
}

// `with { type: "text" }` reads a file; it does not run it.
function isCode(node: t.ImportDeclaration): boolean {
  const kind = node.attributes?.find((attribute) => nameOf(attribute.key) === "type")?.value.value;
  return kind === undefined || kind === "macro" || kind === "ts" || kind === "tsx" || kind === "js" || kind === "jsx" || kind === "json";
}
