// Where a value goes from an expression: what the node around it makes of it.
import type * as t from "@babel/types";
import { arriveAsArgument, arriveAsCallee, arriveAsObject } from "./calls.ts";
import { environment } from "./environment.ts";
import type { Flow } from "./flow.ts";
import { isEnvironment } from "./platform.ts";
import { calleeOf, isCall, isFunction, isMember, unwrap } from "./tree.ts";
import { element, isIndex, member, type Value, valueOf, wrapped } from "./value.ts";

export function step(node: t.Node, value: Value, flow: Flow): void {
  if (isFunction(node)) return stepFunction(node, value, flow);
  if (node.type === "ClassDeclaration") flow.reach(flow.walked.names.get(node), value);
  if (node.type === "ClassExpression") flow.reach(flow.walked.names.get(node), value);
  const parent = flow.walked.parents.get(node);
  if (parent !== undefined) stepInto(parent, node, value, flow);
}

function stepInto(parent: t.Node, node: t.Node, value: Value, flow: Flow): void {
  if (isCall(parent)) {
    if (unwrap(node) === calleeOf(parent)) arriveAsCallee(parent, value, flow);
    else arriveAsArgument(parent, node, value, flow);
    return;
  }
  if (isMember(parent)) {
    if (parent.object === node) arriveAsObject(parent, value, flow);
    return;
  }
  switch (parent.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSTypeAssertion":
    case "TSInstantiationExpression":
    case "ParenthesizedExpression":
    case "AwaitExpression":
    case "LogicalExpression":
      return flow.arrive(parent, value);
    case "SequenceExpression":
      return parent.expressions.at(-1) === node ? flow.arrive(parent, value) : undefined;
    case "ConditionalExpression":
      return parent.test === node ? undefined : flow.arrive(parent, value);
    case "TemplateLiteral": {
      const isAlone = parent.quasis.every((quasi) => quasi.value.raw === "");
      return isEnvironment(value.ref) && value.path.length === 0 ? flow.arrive(parent, isAlone ? value : joined) : undefined;
    }
    case "BinaryExpression":
      return parent.operator === "+" && isEnvironment(value.ref) && value.path.length === 0 ? flow.arrive(parent, joined) : undefined;
    case "AssignmentExpression":
      if (parent.right !== node) return;
      if (parent.operator === "+=") flow.bind(parent.left, isEnvironment(value.ref) && value.path.length === 0 ? joined : undefined);
      else if (/^(?:\|\||&&|\?\?)?=$/.test(parent.operator)) {
        flow.bind(parent.left, value);
        flow.arrive(parent, value);
      }
      return;
    case "VariableDeclarator":
      return parent.init === node ? flow.bind(parent.id, value) : undefined;
    case "AssignmentPattern":
      if (parent.right !== node) return;
      flow.bind(parent.left, value);
      return flow.walked.parents.get(parent)?.type === "TSParameterProperty"
        ? flow.bind(flow.walked.parents.get(parent) as t.Node, value)
        : undefined;
    case "ForOfStatement":
      if (parent.right !== node) return;
      return flow.bind(
        parent.left.type === "VariableDeclaration" ? (parent.left.declarations[0]?.id as t.Node) : parent.left,
        element(value) ?? member(value, undefined),
      );
    case "SpreadElement":
      return spread(parent, value, flow);
    case "ArrayExpression":
      return flow.arrive(parent, wrapped(value, String(parent.elements.indexOf(node as t.Expression))));
    case "ObjectProperty":
    case "ClassProperty":
    case "ClassPrivateProperty":
    case "ClassAccessorProperty":
      return parent.value === node ? stepMember(parent, wrapped(value, keyOf(parent, flow)), flow) : undefined;
    case "ReturnStatement":
      return stepReturn(parent, value, flow);
    case "ArrowFunctionExpression":
      return parent.body === node ? flow.arrive(parent, wrapped(value, "()")) : undefined;
    case "ClassDeclaration":
    case "ClassExpression":
      if (parent.superClass !== node) return;
      flow.reach(flow.walked.classes.get(parent)?.base, value);
      return flow.arrive(parent, value);
    case "TSImportEqualsDeclaration":
      return parent.moduleReference === node ? flow.reach(flow.walked.bindings.get(parent.id), value) : undefined;
    case "TSQualifiedName":
      return parent.left === node ? flow.arrive(parent, member(value, parent.right.name)) : undefined;
    case "ExportDefaultDeclaration":
    case "TSExportAssignment":
      return flow.export(["default"], value);
    case "ExportSpecifier": {
      const around = flow.walked.parents.get(parent);
      if (parent.local !== node || (around?.type === "ExportNamedDeclaration" && around.source)) return;
      return flow.export([parent.exported.type === "Identifier" ? parent.exported.name : parent.exported.value], value);
    }
    default:
  }
}

const joined = valueOf(environment.joined);

function spread(parent: t.SpreadElement, value: Value, flow: Flow): void {
  const around = flow.walked.parents.get(parent);
  if (around?.type === "ObjectExpression") flow.arrive(around, value);
  else if (around?.type === "ArrayExpression") flow.arrive(around, isIndex(value.path[0]) ? flow.anywhere(value) : wrapped(value, "*"));
}

function keyOf(node: { key: t.Node; computed?: boolean | null }, flow: Flow): string {
  return flow.constants.key(node.key, node.computed === true) ?? "*";
}

// Into the object literal or the class around.
function stepMember(node: t.Node, value: Value | undefined, flow: Flow): void {
  const around = flow.walked.parents.get(node);
  if (around === undefined || value === undefined) return;
  if (around.type === "ObjectExpression") flow.arrive(around, value);
  else if (around.type === "ClassBody") {
    flow.reach(flow.classAround(node)?.self, value);
    const itself = flow.walked.parents.get(around);
    // `new A().run` and `A.run`
    if (itself !== undefined) flow.arrive(itself, wrapped(value, "()"));
    if (itself !== undefined && "static" in node && node.static === true) flow.arrive(itself, value);
  }
}

function stepReturn(node: t.Node, value: Value, flow: Flow): void {
  let around = flow.walked.parents.get(node);
  while (around !== undefined && !isFunction(around)) around = flow.walked.parents.get(around);
  if (around === undefined) return;
  const isGetter = around.type === "ObjectMethod" || around.type === "ClassMethod" ? around.kind === "get" : false;
  flow.arrive(around, isGetter ? value : wrapped(value, "()"));
}

function stepFunction(node: t.Function, value: Value, flow: Flow): void {
  const parent = flow.walked.parents.get(node);
  if (node.type === "ObjectMethod" || node.type === "ClassMethod" || node.type === "ClassPrivateMethod")
    return stepMember(node, wrapped(value, keyOf(node, flow)), flow);
  flow.reach(flow.walked.names.get(node), value);
  if (parent !== undefined && (node.type !== "FunctionDeclaration" || parent.type === "ExportDefaultDeclaration"))
    stepInto(parent, node, value, flow);
}
