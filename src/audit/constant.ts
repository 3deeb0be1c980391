// Computes values that are the same in every run, so that `globalThis["ev" + "al"]` is recognized.
import type * as t from "@babel/types";
import { bindingOf } from "./scope.ts";
import { argumentsOf, type Call, calleeOf, isCall, isMember, spelled, unwrap } from "./tree.ts";

type Constant = string | number | Constant[];

const deepest = 30;
const longest = 1000;
// Methods of strings and arrays that depend only on their arguments, and take no function.
const pure = new Set(
  "at charAt concat flat join replace replaceAll reverse slice split substring toLowerCase toString toUpperCase trim".split(" "),
);

export class Constants {
  // Each value is computed once: `a = b + b; b = c + c; ...` would double the work with each line.
  readonly #found = new Map<t.Node, Constant | undefined>();

  /** The text that an expression always yields. */
  text(node: t.Node): string | undefined {
    const constant = this.#of(node, 0);
    return typeof constant === "object" ? undefined : constant?.toString();
  }

  /** The texts that an expression may yield; an undefined element means a text that is only known at run time. */
  texts(expression: t.Node): (string | undefined)[] {
    const node = unwrap(expression);
    return node.type === "ConditionalExpression" ? [this.text(node.consequent), this.text(node.alternate)] : [this.text(node)];
  }

  /** The known beginning of a text; undefined where the expression need not be a text. */
  start(expression: t.Node, depth = 0): string | undefined {
    const node = this.literal(expression);
    const whole = this.text(node);
    if (whole !== undefined || depth > deepest) return whole;
    if (node.type === "NewExpression") return isUrl(node) ? this.start(node.arguments[0] as t.Node, depth + 1) : undefined;
    if (node.type === "TemplateLiteral") {
      const before = node.quasis[0]?.value.cooked ?? "";
      const first = node.expressions[0];
      return before === "" && first !== undefined ? (this.start(first, depth + 1) ?? "") : before;
    }
    if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
    return this.start(node.left, depth + 1) ?? (this.start(node.right, depth + 1) === undefined ? undefined : "");
  }

  /** The key of a member, property or class member. */
  key(key: t.Node, computed: boolean): string | undefined {
    return spelled(key, computed) ?? this.text(key);
  }

  /** The expression that a name always stands for; otherwise the expression itself. */
  literal(expression: t.Node): t.Node {
    let node = unwrap(expression);
    for (let depth = 0; depth < deepest && node.type === "Identifier"; depth++) {
      const values = bindingOf(node)?.values ?? [];
      if (values.length !== 1 || !values[0]) break;
      node = unwrap(values[0]);
    }
    return node;
  }

  /** The value of a property of an object literal. */
  property(object: t.Node, key: string): t.Node | undefined {
    if (object.type !== "ObjectExpression") return undefined;
    const property = object.properties.findLast((each) => each.type === "ObjectProperty" && this.key(each.key, each.computed) === key);
    return property?.type === "ObjectProperty" ? property.value : undefined;
  }

  #of(expression: t.Node, depth: number): Constant | undefined {
    const node = unwrap(expression);
    if (depth > deepest) return undefined;
    if (this.#found.has(node)) return this.#found.get(node);
    // The entry is set before the value is known, so that `const a = a + "x"` does not recurse for ever.
    this.#found.set(node, undefined);
    const constant = this.#compute(node, depth + 1);
    const kept = constant !== undefined && typeof constant !== "number" && constant.length > longest ? undefined : constant;
    this.#found.set(node, kept);
    return kept;
  }

  #compute(node: t.Node, depth: number): Constant | undefined {
    if (isCall(node)) return this.#called(node, depth);
    if (isMember(node)) {
      const key = this.key(node.property, node.computed);
      const owner = this.literal(node.object);
      const value =
        key === undefined ? undefined : owner.type === "ArrayExpression" ? owner.elements[Number(key)] : this.property(owner, key);
      return value ? this.#of(value, depth) : undefined;
    }
    switch (node.type) {
      case "StringLiteral":
      case "NumericLiteral":
        return node.value;
      case "ArrayExpression":
        return this.#all(node.elements, depth);
      case "TemplateLiteral":
        return this.#all(node.expressions, depth)?.reduce<string>(
          (text, part, at) => text + String(part) + (node.quasis[at + 1]?.value.cooked ?? ""),
          node.quasis[0]?.value.cooked ?? "",
        );
      case "BinaryExpression": {
        const parts = node.operator === "+" ? this.#all([node.left, node.right], depth) : undefined;
        return typeof parts?.[0] === "number" && typeof parts[1] === "number" ? parts[0] + parts[1] : parts?.join("");
      }
      case "Identifier": {
        const literal = this.literal(node);
        return literal.type === "Identifier" ? undefined : this.#of(literal, depth);
      }
      default:
        return undefined;
    }
  }

  #all(nodes: readonly (t.Node | null)[], depth: number): Constant[] | undefined {
    const constants: Constant[] = [];
    for (const node of nodes) {
      const constant = node === null ? undefined : this.#of(node, depth);
      if (constant === undefined || constants.push(constant) > longest) return undefined;
    }
    return constants;
  }

  // `["ev", "al"].join("")`, `String.fromCharCode(101)`, `atob("ZXZhbA==")`, `new URL("./a.ts", import.meta.url)`.
  #called(call: Call, depth: number): Constant | undefined {
    const callee = calleeOf(call);
    const given = argumentsOf(call);
    if (call.type === "NewExpression") return isUrl(call) ? this.#of(given[0] as t.Node, depth) : undefined;
    const key = isMember(callee) ? this.key(callee.property, callee.computed) : undefined;
    const isName = callee.type === "Identifier" && ["atob", "String", "decodeURIComponent"].includes(callee.name);
    if (!isName && (key === undefined || !(pure.has(key) || key === "fromCharCode" || key === "from"))) return undefined;
    const values = this.#all(given, depth);
    if (values === undefined) return undefined;
    try {
      if (callee.type === "Identifier") return globals[callee.name]?.(String(values[0]));
      const object = isMember(callee) ? unwrap(callee.object) : callee;
      if (object.type === "Identifier" && object.name === "String" && key === "fromCharCode")
        return String.fromCharCode(...values.map(Number));
      if (object.type === "Identifier" && object.name === "Buffer" && key === "from")
        return Buffer.from(String(values[0]), values[1] as BufferEncoding).toString();
      const owner = this.#of(object, depth);
      // `Buffer.from(...).toString("utf8")` is already a text here.
      if (key === "toString") return typeof owner === "string" ? owner : undefined;
      const method = typeof owner === "object" || typeof owner === "string" ? owner[key as "at"] : undefined;
      return method === undefined ? undefined : (Reflect.apply(method, structuredClone(owner), values) as Constant);
    } catch {
      return undefined;
    }
  }
}

const globals: Record<string, ((text: string) => string) | undefined> = { atob, String, decodeURIComponent };

// `new URL(address, ...)` counts as its address.
function isUrl({ callee, arguments: given }: t.NewExpression): boolean {
  return callee.type === "Identifier" && callee.name === "URL" && given.length > 0;
}
