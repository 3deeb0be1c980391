// What one walk over a file brings home.
import type * as t from "@babel/types";
import type { Target } from "./pattern.ts";
import { Scope, type Value } from "./scope.ts";
import type { Call } from "./tree.ts";

export type CallSite = { call: Call; scope: Scope };
export type Write = { target: Target; value: Value | undefined; scope: Scope };
/** A string that something with a name is set to; whether it is a secret is for secrets.ts to say. */
export type NamedString = { name: string; text: string; line: number; column: number };

export class Walked {
  readonly top = new Scope(undefined, true);
  readonly calls: CallSite[] = [];
  readonly writes: Write[] = [];
  readonly strings: NamedString[] = [];
  /** What `import()` is given. */
  readonly loads: { node: t.Node; scope: Scope }[] = [];
  readonly imports = new Set<string>();
  readonly exports = new Map<string, Value[]>();
  readonly starExports: string[] = [];
  /** What is known of the arguments of functions that are called where they stand. */
  readonly given = new Map<t.Node, (Value | undefined)[]>();
  readonly functions = new Map<t.Node, Scope>();

  export(name: string, value: Value): void {
    const values = this.exports.get(name);
    if (values === undefined) this.exports.set(name, [value]);
    else values.push(value);
  }
}
