// The objects of the platform that the audit knows, and what their members are.

/** `function` is any function there is: its `constructor` is the Function constructor. */
export type Known =
  | "eval"
  | "Function"
  | "exec"
  | "execSync"
  | "spawn"
  | "Bun.spawn"
  | "shell"
  | "global"
  | "process"
  | "Bun"
  | "Reflect"
  | "Object"
  | "importMeta"
  | "env"
  | "later"
  | "child_process"
  | "util"
  | "module"
  | "require"
  | "getBuiltinModule"
  | "createRequire"
  | "promisify"
  | "Reflect.apply"
  | "Reflect.construct"
  | "getPrototypeOf"
  | "Worker"
  | "URL"
  | "function"
  | "value";

const moduleNames = new Map<string, Known>([
  ["child_process", "child_process"],
  ["util", "util"],
  ["module", "module"],
  ["process", "process"],
  ["bun", "Bun"],
  ["worker_threads", "global"], // for its Worker
  ["timers", "global"],
  ["url", "global"],
]);

/** What `import`, `require` and `process.getBuiltinModule` give for a built-in module. */
export function moduleNamed(specifier: string): Known | undefined {
  return moduleNames.get(specifier.replace(/^node:/, ""));
}

const globals: [string, Known][] = [
  ["eval", "eval"],
  ["Function", "Function"],
  ["require", "require"],
  ["process", "process"],
  ["Bun", "Bun"],
  ["globalThis", "global"],
  ["global", "global"],
  ["window", "global"],
  ["self", "global"],
  ["Reflect", "Reflect"],
  ["Object", "Object"],
  ["module", "module"],
  ["Worker", "Worker"],
  ["URL", "URL"],
  ["setTimeout", "later"],
  ["setInterval", "later"],
  ["setImmediate", "later"],
  ["queueMicrotask", "later"],
];

// Maps, since `__proto__` and `constructor` are names like any other here.
const members = new Map<Known, Map<string, Known>>([
  ["global", new Map(globals)],
  [
    "process",
    new Map([
      ["env", "env"],
      ["getBuiltinModule", "getBuiltinModule"],
      ["mainModule", "module"],
      ["nextTick", "later"],
    ]),
  ],
  [
    "Bun",
    new Map([
      ["$", "shell"],
      ["env", "env"],
      ["spawn", "Bun.spawn"],
      ["spawnSync", "Bun.spawn"],
    ]),
  ],
  [
    "importMeta",
    new Map([
      ["env", "env"],
      ["require", "require"],
    ]),
  ],
  [
    "child_process",
    new Map([
      ["exec", "exec"],
      ["execSync", "execSync"],
      ["spawn", "spawn"],
      ["spawnSync", "spawn"],
      ["execFile", "spawn"],
      ["execFileSync", "spawn"],
    ]),
  ],
  ["util", new Map([["promisify", "promisify"]])],
  [
    "module",
    new Map([
      ["createRequire", "createRequire"],
      ["require", "require"],
      ["constructor", "module"],
    ]),
  ],
  [
    "Reflect",
    new Map([
      ["apply", "Reflect.apply"],
      ["construct", "Reflect.construct"],
      ["getPrototypeOf", "getPrototypeOf"],
    ]),
  ],
  ["Object", new Map([["getPrototypeOf", "getPrototypeOf"]])],
] satisfies [Known, Map<string, Known>][]);

const modules = new Set<Known>(["child_process", "util", "module", "process", "Bun"]);
const plain = new Set<Known>(["global", "process", "Bun", "Reflect", "importMeta", "env", "child_process", "util", "module", "value"]);

/** What `known[key]` is; an undefined key is one that is not known. */
export function memberOf(known: Known, key: string | undefined): Known | undefined {
  if (known === "env") return "env";
  // A member of child_process chosen while running may be exec; one of exec is its promisify.custom.
  if (key === undefined) return known === "child_process" ? "exec" : isExec(known) ? known : undefined;
  const named = members.get(known)?.get(key);
  if (named !== undefined) return named;
  if (key === "default" && modules.has(known)) return known;
  if (key === "constructor") return isCallable(known) ? "Function" : "function";
  if (key === "__proto__" && isCallable(known)) return "function";
  // `[].filter` and `"".at` are functions.
  return known === "value" && key !== "length" ? "function" : undefined;
}

export function memberAt(known: Known, path: readonly string[]): Known | undefined {
  let member: Known | undefined = known;
  for (const key of path) member = member === undefined ? undefined : memberOf(member, key);
  return member;
}

export function isCallable(known: Known): boolean {
  return !plain.has(known);
}

export function isExec(known: Known): known is "exec" | "execSync" {
  return known === "exec" || known === "execSync";
}

/** What a name means that nothing in the file declares. */
export function globalNamed(name: string): Known | undefined {
  return members.get("global")?.get(name);
}
