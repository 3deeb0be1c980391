// Tracks how far dangerous values get in a file: which values have reached each expression and name, and which remain to be
// followed.
import type * as t from "@babel/types";
import { Constants } from "./constant.ts";
import type { Exported } from "./link.ts";
import { type Binding, bindingOf } from "./scope.ts";
import { type Call, isMember, parentOf, unwrap } from "./tree.ts";
import { element, member, type Value, wrapped } from "./value.ts";
import type { WalkedTree } from "./walk.ts";

// A file of 10,000 lines needs about 20,000 steps.
const mostSteps = 1_000_000;

// A larger table belongs to a library such as lodash, and is not followed.
const mostHeld = 32;

/** A call of a known function; `given` are the arguments that it receives. */
export type Judged = { node: t.Node; ref: string; given: readonly t.Node[] | null };

type Arrival = { node: t.Node; value: Value };

export class Flow {
  readonly walked: WalkedTree;
  readonly constants = new Constants();
  readonly judged: Judged[] = [];
  readonly exported: Exported[] = [];
  readonly imports = new Set<string>();
  /** For each call, the references that its callee may be. */
  readonly called = new Map<Call, Set<string>>();
  readonly #arrived = new Map<object, Map<string, Value>>();
  readonly #open: Arrival[] = [];
  #steps = 0;

  constructor(walked: WalkedTree) {
    this.walked = walked;
  }

  /** True where following the file takes too many steps. */
  get isExhausted(): boolean {
    return this.#steps >= mostSteps;
  }

  /** The next arrival to follow. */
  next(): Arrival | undefined {
    return this.isExhausted ? undefined : this.#open.pop();
  }

  valuesAt(node: object): Value[] {
    return [...(this.#arrived.get(node)?.values() ?? [])];
  }

  /** True where the expression may be `ref` itself. */
  mayBe(node: t.Node, ref: string): boolean {
    return this.valuesAt(node).some((value) => value.ref === ref && value.path.length === 0);
  }

  arrive(node: t.Node, value: Value | undefined): void {
    if (value !== undefined && this.#isNew(node, value)) this.#open.push({ node, value });
  }

  /** Assigns a value to a name: each use of the name gets it. */
  reach(binding: Binding | undefined, value: Value | undefined): void {
    if (binding === undefined || value === undefined || !this.#isNew(binding, value)) return;
    for (const use of binding.uses) this.arrive(use, value);
    for (const name of binding.exported) this.export([name], value);
  }

  export(names: readonly string[], { ref, path }: Value): void {
    if (ref !== "function") this.exported.push({ path: [...names, ...path], ref });
  }

  /** Assigns a value to a pattern, which may destructure it. */
  bind(target: t.Node, value: Value | undefined): void {
    if (value === undefined) return;
    const node = unwrap(target);
    if (isMember(node)) this.#bindMember(node, value);
    else if (node.type === "AssignmentPattern") this.bind(node.left, value);
    else if (node.type === "RestElement") this.bind(node.argument, value);
    else if (node.type === "ArrayPattern")
      for (const [at, part] of node.elements.entries()) {
        if (part?.type === "RestElement") this.bind(part, this.anywhere(value));
        else if (part !== null) this.bind(part, member(value, String(at)));
      }
    else if (node.type === "ObjectPattern")
      for (const part of node.properties) {
        // The rest of a destructured object may still have all members of the object.
        if (part.type === "RestElement") this.bind(part, value);
        else this.bind(part.value, member(value, this.constants.key(part.key, part.computed)));
      }
    else if (node.type === "TSParameterProperty") {
      // `constructor(private run = exec)`
      const name = unwrap(node.parameter.type === "AssignmentPattern" ? node.parameter.left : node.parameter);
      if (name.type === "Identifier") this.reach(this.classAround(node)?.self, wrapped(value, name.name));
      this.bind(node.parameter, value);
    } else if (node.type === "Identifier" && node.name === "exports" && this.walked.globals.has("exports")) this.export([], value);
    else this.reach(bindingOf(node), value);
  }

  /** The element of an array at an unknown index. */
  anywhere(value: Value): Value | undefined {
    const inside = element(value);
    return inside === undefined ? undefined : wrapped(inside, "*");
  }

  classAround(node: t.Node): { self: Binding; base: Binding } | undefined {
    for (let around = parentOf(node); around !== undefined; around = parentOf(around)) {
      const found = this.walked.classes.get(around);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  // `tools.run = exec` gives `tools` a value that has exec under `run`.
  #bindMember(node: t.MemberExpression | t.OptionalMemberExpression, value: Value): void {
    const key = this.constants.key(node.property, node.computed) ?? "*";
    const object = unwrap(node.object);
    if (object.type === "Identifier" && object.name === "module" && key === "exports" && this.walked.globals.has("module"))
      this.export(["default"], value);
    else this.bind(object, wrapped(value, key));
  }

  #isNew(place: object, value: Value): boolean {
    let arrived = this.#arrived.get(place);
    if (arrived === undefined) {
      arrived = new Map();
      this.#arrived.set(place, arrived);
    }
    if (arrived.has(value.id) || (value.path.length > 0 && arrived.size >= mostHeld) || this.isExhausted) return false;
    this.#steps++;
    arrived.set(value.id, value);
    return true;
  }
}
