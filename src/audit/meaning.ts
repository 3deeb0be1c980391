// What an expression may stand for: exec under another name is still exec.
import type * as t from "@babel/types";
import { constantsOf } from "./constant.ts";
import { importedFrom } from "./imported.ts";
import { globalNamed, isCallable, type Known, memberOf } from "./known.ts";
import { keyIn } from "./pattern.ts";
import { Rounds } from "./rounds.ts";
import type { Key, Meaning, Scope, Value } from "./scope.ts";
import { argumentsOf, type Call, calleeOf, isCall, isFunction, isMember, unwrap } from "./tree.ts";

// `x = x.next` would lead on for ever; it must end within the rounds.
const longestPath = 5;
const mostOfAKind = 64;

// Most of a source is of no interest: that much need not be asked for and kept.
const nothing: Meaning[] = [];
const literal: Meaning[] = [known("value")];
const literals = new Set<t.Node["type"]>(["StringLiteral", "TemplateLiteral", "NumericLiteral", "BooleanLiteral", "RegExpLiteral"]);

export class Meanings {
  readonly #functions: ReadonlyMap<t.Node, Scope>;
  readonly #rounds = new Rounds<Meaning>();
  readonly #members = new Map<t.Node, Map<Key, object>>();

  constructor(functions: ReadonlyMap<t.Node, Scope>) {
    this.#functions = functions;
  }

  /** True where the source is too tangled for the limits. */
  get exhausted(): boolean {
    return this.#rounds.exhausted;
  }

  of(expression: t.Node, scope: Scope): Meaning[] {
    const node = unwrap(expression);
    if (literals.has(node.type)) return literal;
    if (node.type === "BinaryExpression" || node.type === "UnaryExpression") return nothing;
    if (node.type === "Identifier" && scope.lookup(node.name) === undefined && globalNamed(node.name) === undefined) return nothing;
    return this.#rounds.ask(node, () => distinct(this.#compute(node, scope)));
  }

  knownOf(node: t.Node, scope: Scope): Known[] {
    return this.of(node, scope).flatMap((meaning) => (meaning.is === "known" ? meaning.known : []));
  }

  /** The keys a member expression may ask for. */
  keysOf(node: t.MemberExpression | t.OptionalMemberExpression, scope: Scope): Key[] {
    return node.computed ? constantsOf(node.property, scope) : [keyIn({ key: node.property })];
  }

  ofValue(value: Value): Meaning[] {
    if ("meanings" in value) return value.meanings;
    let meanings = this.of(value.node, value.scope);
    for (const key of value.path) meanings = meanings.flatMap((meaning) => this.member(meaning, key));
    return meanings;
  }

  member(meaning: Meaning, key: Key): Meaning[] {
    if (meaning.is === "imported") {
      return key === undefined || meaning.path.length >= longestPath ? [] : [{ ...meaning, path: [...meaning.path, key] }];
    }
    if (meaning.is === "object") {
      const inside = this.#memberOfObject(meaning.node, key, meaning.scope);
      return inside.length === 0 && key === "constructor" ? [known("function")] : inside;
    }
    const member = memberOf(meaning.is === "function" ? "function" : meaning.known, key);
    return member === undefined ? [] : [known(member)];
  }

  #compute(node: t.Node, scope: Scope): Meaning[] {
    if (isCall(node)) return this.#result(node, scope);
    if (isMember(node)) return this.#ofMember(node, scope);
    if (isFunction(node)) return [{ is: "function", node }];
    switch (node.type) {
      case "Identifier":
        return this.#ofName(node.name, scope);
      case "ThisExpression":
        return this.#ofName("this", scope);
      case "Super":
        return this.#ofName("super", scope);
      case "TSQualifiedName": {
        const key = node.right.name;
        return this.of(node.left, scope).flatMap((meaning) => this.member(meaning, key));
      }
      case "SequenceExpression":
        return this.#either(scope, node.expressions.at(-1));
      case "ConditionalExpression":
        return this.#either(scope, node.consequent, node.alternate);
      case "LogicalExpression":
        return this.#either(scope, node.left, node.right);
      case "AssignmentExpression":
        return this.#either(scope, node.right);
      case "AwaitExpression":
        return this.#either(scope, node.argument);
      case "ImportExpression":
        return constantsOf(node.source, scope).flatMap((specifier) => (specifier === undefined ? [] : importedFrom(specifier, [])));
      case "MetaProperty":
        return node.meta.name === "import" ? [known("importMeta")] : [];
      case "ClassExpression":
      case "ClassDeclaration":
        return [known("function")];
      case "ObjectExpression":
      case "ArrayExpression":
        return [{ is: "object", node, scope }];
      default:
        return [];
    }
  }

  #either(scope: Scope, ...nodes: (t.Node | undefined)[]): Meaning[] {
    return nodes.flatMap((node) => (node === undefined ? [] : this.of(node, scope)));
  }

  #ofName(name: string, scope: Scope): Meaning[] {
    const binding = scope.lookup(name);
    if (binding !== undefined) return this.#rounds.ask(binding, () => distinct(binding.values.flatMap((value) => this.ofValue(value))));
    const global = globalNamed(name);
    return global === undefined ? [] : [known(global)];
  }

  #ofMember(node: t.MemberExpression | t.OptionalMemberExpression, scope: Scope): Meaning[] {
    const owner = this.of(node.object, scope);
    const object = unwrap(node.object);
    const name = object.type === "Identifier" ? object.name : object.type === "ThisExpression" ? "this" : undefined;
    const assigned = name === undefined ? undefined : scope.lookup(name)?.members;
    return this.keysOf(node, scope).flatMap((key) => {
      const members = owner.flatMap((meaning) => this.member(meaning, key));
      // Whatever something is, the constructor of its constructor is Function.
      if (owner.length === 0 && key === "constructor") members.push(known("function"));
      const values = key === undefined ? [...(assigned?.values() ?? [])].flat() : (assigned?.get(key) ?? []);
      return [...members, ...values.flatMap((value) => this.ofValue(value))];
    });
  }

  #memberOfObject(node: t.ObjectExpression | t.ArrayExpression, key: Key, scope: Scope): Meaning[] {
    const members = this.#members.get(node) ?? new Map<Key, object>();
    this.#members.set(node, members);
    const question = members.get(key) ?? {};
    members.set(key, question);
    return this.#rounds.ask(question, () => distinct(this.#search(node, key, scope)));
  }

  // A key that is not known may be any of them.
  #search(node: t.ObjectExpression | t.ArrayExpression, key: Key, scope: Scope): Meaning[] {
    if (node.type === "ArrayExpression") {
      const elements = key === undefined ? node.elements : [node.elements[Number(key)]];
      const found = elements.flatMap((element) => (element ? this.of(element, scope) : []));
      return found.length === 0 && key !== undefined && key !== "constructor" && Number.isNaN(Number(key)) ? [known("function")] : found;
    }
    return node.properties.flatMap((property): Meaning[] => {
      if (property.type === "SpreadElement") return this.of(property.argument, scope).flatMap((meaning) => this.member(meaning, key));
      const its = keyIn(property);
      if (key !== undefined && its !== undefined && its !== key) return [];
      return property.type === "ObjectProperty" ? this.of(property.value, scope) : [{ is: "function", node: property }];
    });
  }

  // What a call comes to.
  #result(call: Call, scope: Scope): Meaning[] {
    const callee = calleeOf(call);
    const first = argumentsOf(call)[0];
    if (isMember(callee)) {
      const key = keyIn({ key: callee.property, computed: callee.computed });
      if (key === "bind") return this.of(callee.object, scope);
      if (key === "then" && first !== undefined && isFunction(first)) return this.#returned(first);
    }
    return this.of(callee, scope).flatMap((meaning): Meaning[] => {
      if (meaning.is === "function") return this.#returned(meaning.node);
      if (meaning.is !== "known" || first === undefined) return [];
      switch (meaning.known) {
        case "require":
        case "getBuiltinModule":
          return constantsOf(first, scope).flatMap((specifier) => (specifier === undefined ? [] : importedFrom(specifier, [])));
        case "createRequire":
          return [known("require")];
        case "promisify":
          return this.of(first, scope);
        case "getPrototypeOf":
          return this.of(first, scope).some((of) => of.is === "function" || (of.is === "known" && isCallable(of.known)))
            ? [known("function")]
            : [];
        case "env":
          return [meaning];
        default:
          return [];
      }
    });
  }

  #returned(node: t.Node): Meaning[] {
    return (this.#functions.get(node)?.returns ?? []).flatMap((value) => this.ofValue(value));
  }
}

function known(name: Known): Meaning {
  return { is: "known", known: name };
}

// Each once. Known ones are few; of the others a source made for it could have thousands in thousands of places.
function distinct(meanings: Meaning[]): Meaning[] {
  if (meanings.length < 2) return meanings;
  const seen = new Set<unknown>();
  const left = { known: Infinity, object: mostOfAKind, function: mostOfAKind, imported: mostOfAKind };
  return meanings.filter((meaning) => {
    const key =
      meaning.is === "known"
        ? meaning.known
        : meaning.is === "imported"
          ? `${meaning.specifier}\0${meaning.path.join("\0")}`
          : meaning.node;
    return !seen.has(key) && left[meaning.is]-- > 0 && seen.add(key);
  });
}
