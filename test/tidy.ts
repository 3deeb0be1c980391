// The rules of the repository, each a pure function from files to complaints. test/tidy.test.ts applies them.
import { dirname, join, normalize } from "node:path";

/** Path from the top of the repository -> text. */
export type Files = ReadonlyMap<string, string>;

/** The floors of src/, the lowest first. A floor is a list of directories, or of files at the top of src/. */
const floors = [
  ["base", "version"],
  ["service"],
  ["config", "trail", "metrics"],
  ["audit", "runtime", "injectors", "logs", "storage", "health", "alerting", "k8s"],
  ["backend"],
  ["systemd", "supervisor"],
  ["status"],
  ["render"],
  ["lifecycle"],
  ["agent", "monit", "web", "plugins"],
  ["context"],
  ["commands"],
  ["cli"],
  ["help"],
  ["main"],
];

/** Finds imports in src/ that do not lead to a lower floor. Directories on the same floor must not import each other. */
export function wrongImports(files: Files): string[] {
  return sources(files).flatMap(([path, text]) =>
    relativeImports(path, text).flatMap((target) => {
      if (!target.startsWith("src/")) return target === "package.json" ? [] : [`${path} imports ${target} from outside src`];
      const [from, to] = [floorOf(path), floorOf(target)];
      if (from === -1) return [`${path} is on no floor`];
      return partOf(path) === partOf(target) || to < from ? [] : [`${path} imports ${target}, which is not below it`];
    }),
  );
}

export function cycles(files: Files): string[] {
  const graph = new Map(sources(files).map(([path, text]) => [path, relativeImports(path, text)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (done.has(path)) return;
    done.add(path);
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Every file of src/ is reached from src/main.ts, except the allowed ones, and every import leads to a file. */
export function unreached(files: Files, allowed: Record<string, string> = {}): string[] {
  const reached = new Set<string>();
  const missing: string[] = [];
  const visit = (path: string, from: string): void => {
    if (reached.has(path)) return;
    const text = files.get(path);
    if (text === undefined) {
      missing.push(`${from} imports ${path}, which is not there`);
      return;
    }
    reached.add(path);
    if (isSource(path)) for (const target of relativeImports(path, text)) visit(target, path);
  };
  for (const root of ["src/main.ts", ...Object.keys(allowed).filter(isSource)]) visit(root, "the build");
  const dead = [...files.keys()].filter((path) => path.startsWith("src/") && !reached.has(path) && !(path in allowed));
  return [...missing, ...dead.map((path) => `${path} is reached by no import from src/main.ts`)];
}

const bannedWords = new Set(["manager", "handler", "helper", "util", "info", "data"].flatMap((word) => [word, `${word}s`]));

/** Words without meaning, in file names and identifiers; names from packages or the language are allowed. */
export function bannedNames(files: Files): string[] {
  return typescript(files).flatMap(([path, text]) => {
    const foreign = new Set(packageImports(text).flatMap((found) => found.names));
    const names = new Set(withoutText(text).match(ownName));
    const inCode = [...names].filter((name) => isBanned(name) && !foreign.has(name) && !(name in globalThis));
    const complaints = inCode.map((name) => `${path} uses the name ${name}`);
    return isBanned(path.replace(/\.\w+$/, "")) ? [`${path} is named by a banned word`, ...complaints] : complaints;
  });
}

// Matches neither a member (`socket.data`) nor a function in a literal, as an interface requires (`{ data(socket) {} }`).
const ownName = /(?<![.\w$])(?!(?<=[{,]\s*)\w+(?:: (?:async )?)?\()[A-Za-z_$][\w$]*/g;

const exportedDeclaration =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:type|interface|class|enum|const|let|var|function\*?) +([A-Za-z_$][\w$]*)/gm;
/** An export list without `from`; a list with `from` only passes on names that another file declares. */
const exportedList = /^export (?:type )?\{([^}]*)\}(?!\s*from\b)/gm;

/** One word, one meaning: each name that src/ exports is declared in one file. A type and its schema share a name and a file. */
export function sharedNames(files: Files): string[] {
  const declaredIn = new Map<string, string>();
  return sources(files).flatMap(([path, text]) =>
    exportsOf(text).flatMap((name) => {
      const first = declaredIn.get(name) ?? path;
      declaredIn.set(name, first);
      return first === path ? [] : [`${path} exports the name ${name}, which ${first} exports too; rename one of them`];
    }),
  );
}

/** The names that a file declares and exports; an imported name that it exports again is not one of them. */
function exportsOf(text: string): string[] {
  const code = withoutText(text);
  const imported = new Set([...code.matchAll(/^import\b([^;]*?)\bfrom\b/gm)].flatMap(([, names]) => (names ?? "").match(identifier) ?? []));
  const listed = [...code.matchAll(exportedList)].flatMap(([, list]) => (list ?? "").split(","));
  const own = listed.flatMap((item) => {
    const names = item.replace(/^\s*type\s/, "").match(identifier) ?? [];
    return names[0] === undefined || imported.has(names[0]) ? [] : names.slice(-1);
  });
  return [...new Set([...[...code.matchAll(exportedDeclaration)].map((match) => match[1] ?? ""), ...own])];
}

const identifier = /[A-Za-z_$][\w$]*/g;

const maxLines = 250;

export function longFiles(files: Files, allowed: Record<string, string> = {}): string[] {
  const lengths = typescript(files).map(([path, text]) => [path, text.split("\n").length - 1] as const);
  return lengths.flatMap(([path, lines]) =>
    lines > maxLines && !(path in allowed) ? [`${path} has ${lines} lines; it is two things`] : [],
  );
}

/** Packages that a single file may import, because the rest of the code must not depend on them. */
const soleImporters: Record<string, string> = { "dbus-native": "src/systemd/bus/bus.ts" };

export function strayPackages(files: Files): string[] {
  return sources(files).flatMap(([path, text]) =>
    packageImports(text).flatMap(({ specifier }) => {
      const sole = soleImporters[specifier];
      return sole === undefined || sole === path ? [] : [`${path} imports ${specifier}; only ${sole} may`];
    }),
  );
}

/** The files that may end the process or print: main, and what bs9 contains as text and another process runs. */
const ends = new Set([
  "src/main.ts",
  "src/backend/isolation-attempts.ts",
  "src/injectors/preload/stop.ts",
  "src/injectors/preload/attempt.ts",
]);

/** Only main ends the process or sets its exit code; all output goes through the terminal. */
export function strayExits(files: Files): string[] {
  return sources(files).flatMap(([path, text]) => {
    const found = withoutText(text).match(/\bprocess\.exit(?:Code\s*=)?(?!\w)|\bconsole\.\w+/g) ?? [];
    return ends.has(path) ? [] : found.map((what) => `${path}: ${what}`);
  });
}

const addresses = [
  // The host of a package registry or a mirror.
  /https?:\/\/[^\s"'`/]*(?:registry|npmjs|npmmirror|yarnpkg|jsr\.io|debian\.org|mirror|artifactory|nexus)[^\s"'`]*/gi,
  // Paths of the machine that this was written on.
  /(?<![\w.~])\/(?:work|farm)\/[\w.-]+/g,
  /(?<![\w.])\/tmp\/(?:tools|systemd-labs)\b/g,
];

export function foreignAddresses(files: Files, hosts: string[] = []): string[] {
  return [...files].flatMap(([path, text]) => [
    ...addresses.flatMap((pattern) => text.match(pattern) ?? []).map((found) => `${path} names ${found}`),
    ...hosts.filter((host) => text.includes(host)).map((host) => `${path} names ${host}`),
  ]);
}

function sources(files: Files): [string, string][] {
  return [...files].filter(([path]) => isSource(path));
}

function isSource(path: string): boolean {
  return path.startsWith("src/") && path.endsWith(".ts");
}

function typescript(files: Files): [string, string][] {
  return [...files].filter(([path]) => path.endsWith(".ts") && !path.startsWith("test/fixtures/"));
}

function partOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

function floorOf(path: string): number {
  return floors.findIndex((parts) => parts.includes(partOf(path)));
}

const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

/** `import type` counts too: a type belongs to the lowest floor that uses it. */
function relativeImports(path: string, text: string): string[] {
  const specifiers = [...text.matchAll(importPattern)].map((match) => match[1] ?? "");
  return specifiers.filter((specifier) => specifier.startsWith(".")).map((specifier) => normalize(join(dirname(path), specifier)));
}

function packageImports(text: string): { specifier: string; names: string[] }[] {
  const found = [...text.matchAll(/\bimport\s+([^"';]*?)\s*from\s*"([^".][^"]*)"/g), ...text.matchAll(/\bimport\s*(\()\s*"([^".][^"]*)"/g)];
  return found.map((match) => ({ specifier: match[2] ?? "", names: (match[1] ?? "").match(/[A-Za-z_$][\w$]*/g) ?? [] }));
}

function isBanned(name: string): boolean {
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  const named = words.replace(/\buser managers?\b/g, ""); // a term of systemd
  return named.split(/[^a-z]+/).some((word) => bannedWords.has(word));
}

/** Comments, strings, templates and regular expressions. */
export const textPattern =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[=(,:!&|?;[>]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** The code without its comments, strings, templates and regular expressions. */
function withoutText(text: string): string {
  return text.replace(textPattern, " ");
}
