// Scopes: finds the declaration that a name refers to.
import type * as t from "@babel/types";

export class Binding {
  /** All nodes that refer to the name, for reading or writing. */
  readonly uses: t.Node[] = [];
  /** The expressions that are assigned to the name; null stands for a value that the source does not show. */
  readonly values: (t.Node | null)[] = [];
  /** The names under which the file exports it. */
  readonly exported: string[] = [];
}

const bound: unique symbol = Symbol("binding");

/** The binding of an identifier, `this` or `super`. */
export function bindingOf(node: t.Node): Binding | undefined {
  return (node as { [bound]?: Binding })[bound];
}

export function use(node: t.Node, binding: Binding): void {
  binding.uses.push(node);
  (node as { [bound]?: Binding })[bound] = binding;
}

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #isFunction: boolean;
  readonly #bindings = new Map<string, Binding>();

  constructor(parent: Scope | undefined, isFunction: boolean) {
    this.#parent = parent;
    this.#isFunction = isFunction;
  }

  declare(name: string): Binding {
    let binding = this.#bindings.get(name);
    if (binding === undefined) {
      binding = new Binding();
      this.#bindings.set(name, binding);
    }
    return binding;
  }

  lookup(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#parent) {
      const binding = scope.#bindings.get(name);
      if (binding !== undefined) return binding;
    }
    return undefined;
  }

  /** The scope of the surrounding function or file, in which `var` declares. */
  get function(): Scope {
    let scope: Scope = this;
    while (!scope.#isFunction && scope.#parent !== undefined) scope = scope.#parent;
    return scope;
  }
}
