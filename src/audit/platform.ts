// The names of the platform: globals under their own names, members of built-in modules as `node:vm.Script`.
import { isBuiltin } from "node:module";
import { environment } from "./command.ts";
import { dangers } from "./rules.ts";

// These harmless names are followed because they lead to something dangerous.
const ways = [
  ["process.nextTick", "process.getBuiltinModule", "queueMicrotask", "node:module.createRequire", "node:util.promisify"],
  ["Reflect.apply", "Reflect.construct", "Reflect.get", "Reflect.getPrototypeOf", "Object.getPrototypeOf"],
  ["Object.assign", "Object.freeze", "URL.createObjectURL"],
].flat();

const otherNames: Record<string, string[]> = {
  // These modules export the global Worker, timers and URL.
  globalThis: ["global", "window", "self", "node:worker_threads", "node:timers", "node:url"],
  process: ["node:process"],
  Bun: ["node:bun"],
  require: ["import.meta.require", "node:module.require"],
  "node:module": ["module", "process.mainModule", "require.main", "node:module.Module", "node:module.constructor", "node:module.prototype"],
  function: ["Function.prototype"],
  [environment.itself]: ["Bun.env", "import.meta.env"],
};
const aliases = new Map(Object.entries(otherNames).flatMap(([name, others]) => others.map((other) => [other, name] as const)));

const longestPath = 4;

// Every name, and every prefix of it.
const known = new Set(Object.keys(otherNames));
for (const name of [...dangers.keys(), ...ways, ...aliases.keys()])
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) known.add(name.slice(0, end));

const objects = new Set(["globalThis", "process", "Bun", "Reflect", "Object", "import.meta", "blob:"]);

/**
 * The value that `import`, `require` and `process.getBuiltinModule` return for a specifier; undefined where it is not followed.
 */
export function moduleNamed(specifier: string): string | undefined {
  const name = specifier.startsWith("bun:") ? specifier : `node:${specifier.replace(/^node:/, "")}`;
  if (known.has(name)) return aliases.get(name) ?? name;
  return isBuiltin(specifier) ? undefined : importOf(specifier, []);
}

/** The meaning of a name that the file does not declare. */
export function globalNamed(name: string): string | undefined {
  return known.has(name) && !name.includes(":") ? (aliases.get(name) ?? name) : undefined;
}

/** The meaning of `ref[key]`; an undefined key is known only at run time. */
export function memberOf(ref: string, key: string | undefined): string | undefined {
  const imported = importedBy(ref);
  if (imported !== undefined) {
    // Results of nested calls are rarely dangerous and very many, so they are not followed.
    const isFar = imported.path.length >= longestPath || (key === "()" && imported.path.includes("()"));
    return key === undefined || isFar ? undefined : importOf(imported.specifier, [...imported.path, key]);
  }
  if (isEnvironment(ref)) return ref;
  // A member of child_process that is chosen at run time may be exec; a member of exec may be promisify.custom.
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
function importOf(specifier: string, path: readonly string[]): string {
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
