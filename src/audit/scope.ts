// Scopes: which declaration a name stands for.
import type * as t from "@babel/types";

export class Binding {
  /** The nodes that name it, reads and writes alike. */
  readonly uses: t.Node[] = [];
  /** The expressions that are assigned to it; null stands for a value that the source does not show. */
  readonly values: (t.Node | null)[] = [];
  /** The names under which the file exports it. */
  readonly exported: string[] = [];
}

const bound: unique symbol = Symbol("binding");

/** What an identifier, `this` or `super` stands for. */
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

  /** The scope of the function around, or of the file: `var` declares there. */
  get function(): Scope {
    let scope: Scope = this;
    while (!scope.#isFunction && scope.#parent !== undefined) scope = scope.#parent;
    return scope;
  }
}
