// Scopes and bindings: which declaration a name stands for, and what is put into it.
import type * as t from "@babel/types";
import type { Known } from "./known.ts";

/** A key of a member or a destructuring; undefined where only running it would tell. */
export type Key = string | undefined;

/** What an expression may stand for. */
export type Meaning =
  | { is: "known"; known: Known }
  | { is: "object"; node: t.ObjectExpression | t.ArrayExpression; scope: Scope }
  | { is: "function"; node: t.Node }
  /** A member of another module; an empty path is the module itself. */
  | { is: "imported"; specifier: string; path: readonly string[] };

/** What a binding may hold: an expression where it stands, and the way into what it gives. */
export type Value = { node: t.Node; scope: Scope; path: readonly Key[] } | { meanings: Meaning[] };

/** The member `key` of a value. */
export function memberValue(value: Value | undefined, key: Key): Value | undefined {
  return value === undefined || "meanings" in value ? undefined : { ...value, path: [...value.path, key] };
}

export class Binding {
  readonly values: Value[] = [];
  /** What is assigned to its members: `tools.run = exec`, `exports.run = exec`, `this.run = exec`. */
  readonly members = new Map<string, Value[]>();
  /** True where it may hold what no expression here shows: a parameter, a loop's variable. */
  open = false;

  put(value: Value | undefined): void {
    if (value === undefined) this.open = true;
    else this.values.push(value);
  }

  putMember(key: string, value: Value): void {
    const values = this.members.get(key);
    if (values === undefined) this.members.set(key, [value]);
    else values.push(value);
  }
}

export class Scope {
  readonly parent: Scope | undefined;
  /** True where `var` and `return` end up. */
  readonly isFunction: boolean;
  /** What the function returns, where this is the scope of one. */
  readonly returns: Value[] = [];
  readonly #bindings = new Map<string, Binding>();

  constructor(parent: Scope | undefined, isFunction: boolean) {
    this.parent = parent;
    this.isFunction = isFunction;
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
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const binding = scope.#bindings.get(name);
      if (binding !== undefined) return binding;
    }
    return undefined;
  }

  /** The scope of the function around, or of the file. */
  get function(): Scope {
    let scope: Scope = this;
    while (!scope.isFunction && scope.parent !== undefined) scope = scope.parent;
    return scope;
  }
}
