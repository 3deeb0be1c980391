// Names of the platform: globals as they are, members of built-in modules as `node:vm.Script`.
import { isBuiltin } from "node:module";
import { environment } from "./environment.ts";
import { dangers } from "./rules.ts";

// What is followed though it is not dangerous: it leads to what is.
const ways = [
  "process.mainModule",
  "process.nextTick",
  "queueMicrotask",
  "node:module.createRequire",
  "node:module.require",
  "node:module.constructor",
  "node:module.prototype",
  "node:module.Module",
  "node:util.promisify",
  "process.getBuiltinModule",
  "require.main",
  "import.meta.require",
  "Reflect.apply",
  "Reflect.construct",
  "Reflect.get",
  "Reflect.getPrototypeOf",
  "Object.getPrototypeOf",
  "Object.assign",
  "Object.freeze",
  "URL.createObjectURL",
];

const aliases = new Map<string, string>([
  ["global", "globalThis"],
  ["window", "globalThis"],
  ["self", "globalThis"],
  ["module", "node:module"],
  ["node:process", "process"],
  ["node:bun", "Bun"],
  // For its Worker, its timers and its URL.
  ["node:worker_threads", "globalThis"],
  ["node:timers", "globalThis"],
  ["node:url", "globalThis"],
  ["Bun.env", environment.itself],
  ["import.meta.env", environment.itself],
  ["import.meta.require", "require"],
  ["process.mainModule", "node:module"],
  ["require.main", "node:module"],
  ["node:module.require", "require"],
  ["node:module.constructor", "node:module"],
  ["node:module.prototype", "node:module"],
  ["node:module.Module", "node:module"],
  ["Function.prototype", "function"],
]);

const longestPath = 4;

// Every name, and what it is a member of.
const known = new Set<string>(["globalThis", "require", "function"]);
for (const name of [...dangers.keys(), ...ways, ...aliases.keys(), environment.itself])
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) known.add(name.slice(0, end));

const objects = new Set(["globalThis", "process", "Bun", "Reflect", "Object", "import.meta", "blob:"]);

/** What `import`, `require` and `process.getBuiltinModule` give for a specifier; undefined for what is not followed. */
export function moduleNamed(specifier: string): string | undefined {
  const name = specifier.startsWith("bun:") ? specifier : `node:${specifier.replace(/^node:/, "")}`;
  if (known.has(name)) return aliases.get(name) ?? name;
  return isBuiltin(specifier) ? undefined : importOf(specifier, []);
}

/** What a name means that nothing in the file declares. */
export function globalNamed(name: string): string | undefined {
  return known.has(name) && !name.includes(":") ? (aliases.get(name) ?? name) : undefined;
}

/** What `ref[key]` is; an undefined key is known only while running. */
export function memberOf(ref: string, key: string | undefined): string | undefined {
  const imported = importedBy(ref);
  if (imported !== undefined) {
    // What a call of a call gives is hardly ever what is dangerous, and there is much of it.
    const isFar = imported.path.length >= longestPath || (key === "()" && imported.path.includes("()"));
    return key === undefined || isFar ? undefined : importOf(imported.specifier, [...imported.path, key]);
  }
  if (isEnvironment(ref)) return ref;
  // A member of child_process that is chosen while running may be exec; a member of exec is its promisify.custom.
  if (key === undefined) return ref === "node:child_process" ? "node:child_process.exec" : isExec(ref) ? ref : undefined;
  if (ref === "globalThis") return globalNamed(key);
  const name = `${ref}.${key}`;
  if (known.has(name)) return aliases.get(name) ?? name;
  if (key === "default" && isModule(ref)) return ref;
  if (key === "constructor") return isCallable(ref) ? "Function" : "function";
  return key === "__proto__" && isCallable(ref) ? "function" : undefined;
}

function isCallable(ref: string): boolean {
  return !objects.has(ref) && (!isModule(ref) || ref === "node:module");
}

export function isExec(ref: string): boolean {
  return ref === "node:child_process.exec" || ref === "node:child_process.execSync";
}

export function isEnvironment(ref: string): boolean {
  return ref === environment.itself || ref === environment.joined;
}

/** The name of a member of a module that is not built in. */
export function importOf(specifier: string, path: readonly string[]): string {
  return ["@", specifier, ...path].join("\0");
}

export function importedBy(ref: string): { specifier: string; path: string[] } | undefined {
  if (!ref.startsWith("@\0")) return undefined;
  const [, specifier = "", ...path] = ref.split("\0");
  return { specifier, path };
}

function isModule(ref: string): boolean {
  return /^(?:node|bun):[^.]*$/.test(ref) || ref === "process" || ref === "Bun" || ref === "globalThis";
}
