// The value of an expression: a name of the platform, and the keys that lead to it inside the value that contains it.
import { memberOf } from "./platform.ts";

export type Value = {
  /** A name of platform.ts, or of an import: see `importOf`. */
  readonly ref: string;
  /** The keys from the outside in; `()` means the result of a call, `*` any element. */
  readonly path: readonly string[];
  /** True for one of several values, chosen by a key that is only known at run time. */
  readonly isPicked: boolean;
  /** Equal values have the same id. */
  readonly id: string;
};

// Longer paths only come from loops such as `x = x.next`.
const longestPath = 4;

export function asValue(ref: string, path: readonly string[] = [], isPicked = false): Value {
  return { ref, path, isPicked, id: [isPicked, ref, ...path].join("\0") };
}

/** A value that contains this one under `key`; undefined where it is not worth following. */
export function wrapped({ ref, path, isPicked }: Value, key: string): Value | undefined {
  return path.length >= longestPath || ref === "function" ? undefined : asValue(ref, [key, ...path], isPicked);
}

/** The member `key` of the value; an undefined key may be any key. */
export function member({ ref, path, isPicked }: Value, key: string | undefined): Value | undefined {
  const [first, ...rest] = path;
  if (first === undefined) {
    const inside = memberOf(ref, key);
    return inside === undefined ? undefined : asValue(inside, [], isPicked);
  }
  if (first === "()") return key === "constructor" ? asValue("Function") : undefined;
  if (key === undefined) return asValue(ref, rest, true);
  return first === key || first === "*" ? asValue(ref, rest, isPicked) : undefined;
}

/** Any element of an array that contains the value. */
export function element({ ref, path, isPicked }: Value): Value | undefined {
  return isIndex(path[0]) ? asValue(ref, path.slice(1), isPicked) : undefined;
}

export function isIndex(key: string | undefined): boolean {
  return key === "*" || (key !== undefined && /^\d+$/.test(key));
}
