// Moves a value on from an expression, depending on the node around it.
import type * as t from "@babel/types";
import { arriveAsArgument, arriveAsCallee, arriveAsObject } from "./calls.ts";
import { environment } from "./command.ts";
import type { Flow } from "./flow.ts";
import { isEnvironment } from "./platform.ts";
import { calleeOf, isCall, isClass, isFunction, isMember, parentOf, spelled, unwrap } from "./tree.ts";
import { asValue, element, isIndex, member, type Value, wrapped } from "./value.ts";

export function step(node: t.Node, value: Value, flow: Flow): void {
  const parent = parentOf(node);
  if (parent === undefined) return;
  if (isFunction(node) || isClass(node)) flow.reach(flow.walked.names.get(node), value);
  if (node.type === "ObjectMethod" || node.type === "ClassMethod" || node.type === "ClassPrivateMethod")
    intoMember(node, wrapped(value, keyOf(node, flow)), flow);
  else if (isCall(parent) && unwrap(node) === calleeOf(parent)) arriveAsCallee(parent, value, flow);
  else if (isCall(parent)) arriveAsArgument(parent, node, value, flow);
  else if (isMember(parent) && parent.object === node) arriveAsObject(parent, value, flow);
  else if (unwrap(parent) === unwrap(node)) flow.arrive(parent, value);
  else (steps[parent.type] as Step<t.Node> | undefined)?.(parent, value, flow, node);
}

type Step<Parent> = (parent: Parent, value: Value, flow: Flow, node: t.Node) => void;

const steps: { [Type in t.Node["type"]]?: Step<Extract<t.Node, { type: Type }>> } = {
  AwaitExpression: up,
  LogicalExpression: up,
  SequenceExpression: (parent, value, flow, node) => flow.arrive(parent, parent.expressions.at(-1) === node ? value : undefined),
  ConditionalExpression: (parent, value, flow, node) => flow.arrive(parent, parent.test === node ? undefined : value),
  TemplateLiteral: (parent, value, flow) =>
    flow.arrive(parent, parent.quasis.every((quasi) => quasi.value.raw === "") && isEnvironment(value.ref) ? value : joinedWith(value)),
  BinaryExpression: (parent, value, flow) => flow.arrive(parent, parent.operator === "+" ? joinedWith(value) : undefined),
  AssignmentExpression: (parent, value, flow, node) => {
    if (parent.right !== node) return;
    if (parent.operator === "+=") flow.bind(parent.left, joinedWith(value));
    else if (/^(?:\|\||&&|\?\?)?=$/.test(parent.operator)) {
      flow.bind(parent.left, value);
      flow.arrive(parent, value);
    }
  },
  VariableDeclarator: (parent, value, flow, node) => flow.bind(parent.id, parent.init === node ? value : undefined),
  AssignmentPattern: (parent, value, flow, node) => {
    const around = parentOf(parent);
    if (parent.right === node) flow.bind(around?.type === "TSParameterProperty" ? around : parent.left, value);
  },
  ForOfStatement: (parent, value, flow, node) => {
    const target = parent.left.type === "VariableDeclaration" ? parent.left.declarations[0]?.id : parent.left;
    if (parent.right === node && target) flow.bind(target, element(value) ?? member(value, undefined));
  },
  SpreadElement: (parent, value, flow) => {
    const around = parentOf(parent);
    if (around?.type === "ObjectExpression") flow.arrive(around, value);
    else if (around?.type === "ArrayExpression") flow.arrive(around, isIndex(value.path[0]) ? flow.anywhere(value) : wrapped(value, "*"));
  },
  ArrayExpression: (parent, value, flow, node) =>
    flow.arrive(parent, wrapped(value, String(parent.elements.indexOf(node as t.Expression)))),
  ObjectProperty: intoProperty,
  ClassProperty: intoProperty,
  ClassPrivateProperty: intoProperty,
  ClassAccessorProperty: intoProperty,
  ReturnStatement: (parent, value, flow) => {
    let around = parentOf(parent);
    while (around !== undefined && !isFunction(around)) around = parentOf(around);
    const isGetter = around !== undefined && "kind" in around && around.kind === "get";
    if (around !== undefined) flow.arrive(around, isGetter ? value : wrapped(value, "()"));
  },
  ArrowFunctionExpression: (parent, value, flow, node) => flow.arrive(parent, parent.body === node ? wrapped(value, "()") : undefined),
  ClassDeclaration: intoClass,
  ClassExpression: intoClass,
  TSImportEqualsDeclaration: (parent, value, flow, node) => flow.bind(parent.id, parent.moduleReference === node ? value : undefined),
  TSQualifiedName: (parent, value, flow, node) => flow.arrive(parent, parent.left === node ? member(value, parent.right.name) : undefined),
  ExportDefaultDeclaration: (_, value, flow) => flow.export(["default"], value),
  TSExportAssignment: (_, value, flow) => flow.export(["default"], value),
  ExportSpecifier: (parent, value, flow, node) => {
    const around = parentOf(parent) as t.ExportNamedDeclaration;
    if (parent.local === node && !around.source) flow.export([spelled(parent.exported, false) ?? ""], value);
  },
};

function up(parent: t.Node, value: Value, flow: Flow): void {
  flow.arrive(parent, value);
}

function joinedWith(value: Value): Value | undefined {
  return isEnvironment(value.ref) && value.path.length === 0 ? asValue(environment.joined) : undefined;
}

function keyOf(node: { key: t.Node; computed?: boolean | null }, flow: Flow): string {
  return flow.constants.key(node.key, node.computed === true) ?? "*";
}

type Property = t.ObjectProperty | t.ClassProperty | t.ClassPrivateProperty | t.ClassAccessorProperty;

function intoProperty(parent: Property, value: Value, flow: Flow, node: t.Node): void {
  if (parent.value === node) intoMember(parent, wrapped(value, keyOf(parent, flow)), flow);
}

// Moves a value into the surrounding object literal or class.
function intoMember(node: t.Node, value: Value | undefined, flow: Flow): void {
  const around = parentOf(node);
  const itself = around?.type === "ClassBody" ? parentOf(around) : undefined;
  if (value === undefined || around === undefined) return;
  if (around.type === "ObjectExpression") flow.arrive(around, value);
  if (itself === undefined) return;
  flow.reach(flow.walked.classes.get(itself)?.self, value);
  // `A.run` and `new A().run`
  flow.arrive(itself, "static" in node && node.static === true ? value : wrapped(value, "()"));
}

function intoClass(parent: t.Class, value: Value, flow: Flow, node: t.Node): void {
  if (parent.superClass !== node) return;
  flow.reach(flow.walked.classes.get(parent)?.base, value);
  flow.arrive(parent, value);
}
