// Follows dangerous values through a file, from the names and imports where they begin to the calls where they end.
import type * as t from "@babel/types";
import { arriveFromImport } from "./calls.ts";
import { Flow } from "./flow.ts";
import { globalNamed, moduleNamed } from "./platform.ts";
import { bindingOf } from "./scope.ts";
import { step } from "./step.ts";
import { unwrap } from "./tree.ts";
import { asValue, member, type Value } from "./value.ts";
import type { WalkedTree } from "./walk.ts";

export function flowOf(walked: WalkedTree): Flow {
  const flow = new Flow(walked);
  for (const [name, binding] of walked.globals) {
    const ref = globalNamed(name);
    if (ref !== undefined) flow.reach(binding, asValue(ref));
  }
  for (const node of walked.functions) flow.arrive(node, asValue("function"));
  for (const node of walked.members) startAtMember(node, flow);
  // The walk finds imports from the last to the first, so they are reversed here.
  for (const node of walked.imports.toReversed()) startAtImport(node, flow);
  for (const node of walked.loads) startAtLoad(node, flow);
  for (let next = flow.next(); next !== undefined; next = flow.next()) step(next.node, next.value, flow);
  return flow;
}

const literals = new Set<t.Node["type"]>(["ArrayExpression", "StringLiteral", "TemplateLiteral", "NumericLiteral", "RegExpLiteral"]);

// The constructor of any value is a function, and so is `[].filter`.
function startAtMember(node: t.MemberExpression, flow: Flow): void {
  const key = flow.constants.key(node.property, node.computed);
  if (key === "constructor" || (key !== undefined && key !== "length" && literals.has(unwrap(node.object).type)))
    flow.arrive(node, asValue("function"));
}

function startAtLoad(node: t.ImportExpression | t.MetaProperty, flow: Flow): void {
  if (node.type === "MetaProperty") {
    if (node.meta.name === "import") flow.arrive(node, asValue("import.meta"));
    return;
  }
  flow.judged.push({ node, ref: "import", given: [node.source] });
  for (const specifier of flow.constants.texts(node.source)) arriveFromImport(node, specifier, flow);
}

function startAtImport(node: WalkedTree["imports"][number], flow: Flow): void {
  if (node.type === "TSImportEqualsDeclaration") {
    const reference = node.moduleReference;
    if (reference.type !== "TSExternalModuleReference" || reference.expression.type !== "StringLiteral") return;
    flow.imports.add(reference.expression.value);
    flow.reach(bindingOf(node.id), moduleValue(reference.expression.value, []));
    return;
  }
  if (!node.source) return;
  const specifier = node.source.value;
  if (isCode(node)) flow.imports.add(specifier);
  flow.judged.push({ node, ref: "import", given: [node.source] });
  if (node.type === "ExportAllDeclaration") flow.exported.push({ path: [], ref: moduleNamed(specifier) ?? "" });
  else for (const part of node.specifiers) startAtSpecifier(part, specifier, flow);
}

type Specifier = (t.ImportDeclaration | t.ExportNamedDeclaration)["specifiers"][number];

function startAtSpecifier(part: Specifier, specifier: string, flow: Flow): void {
  if ("exportKind" in part && part.exportKind === "type") return;
  const imported = "imported" in part ? part.imported : part.type === "ExportSpecifier" ? part.local : undefined;
  const isDefault = part.type === "ImportDefaultSpecifier" || part.type === "ExportDefaultSpecifier";
  const value = moduleValue(specifier, imported ? [nameOf(imported)] : isDefault ? ["default"] : []);
  if (!("exported" in part)) flow.reach(bindingOf(part.local), value);
  else if (value !== undefined) flow.export([nameOf(part.exported)], value);
}

function moduleValue(specifier: string, path: readonly string[]): Value | undefined {
  const ref = moduleNamed(specifier);
  let value = ref === undefined ? undefined : asValue(ref);
  for (const key of path) value = value && member(value, key);
  return value;
}

function nameOf(node: t.Identifier | t.StringLiteral): string {
  return node.type === "Identifier" ? node.name : node.value;
}

// `with { type: "text" }` reads a file without running it.
function isCode(node: t.ImportDeclaration | t.ExportNamedDeclaration | t.ExportAllDeclaration): boolean {
  const kind = node.attributes?.find((attribute) => nameOf(attribute.key) === "type")?.value.value;
  return kind === undefined || ["macro", "ts", "tsx", "js", "jsx", "json"].includes(kind);
}
