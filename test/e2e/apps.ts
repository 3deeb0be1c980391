// A home directory full of apps for apps.test.ts, made without network: copied packages, a built framework, compiled programs.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Outcome, run, succeed, tempDir } from "../harness.ts";

const packages = join(import.meta.dir, "../../node_modules");
/** The directories below home where nvm and Bun's own installer put their programs. */
export const nodePrefix = ".nvm/versions/node/v1.2.3";
export const bunPrefix = ".bun";
const globalPackages = `${bunPrefix}/install/global/node_modules`;

/** Apps whose directories get a copy of attempts.cjs, which tries what the sandbox has to prevent. */
const projects = ["express", "fastify", "hono", "static", "worker", "addon", "processes", "nvm", "monorepo/apps/api", "releases/20260102"];

/** `node` is this machine's Node, `cc` its C compiler; null where it has none. */
export type Apps = { folder: string; node: string | null; cc: string | null };

export async function prepareApps(): Promise<Apps> {
  const folder = tempDir();
  const [node, cc] = [Bun.which("node"), Bun.which("cc")];
  cpSync(join(import.meta.dir, "../fixtures/apps"), folder, { recursive: true });
  for (const project of projects) cpSync(join(folder, "attempts.cjs"), join(folder, project, "attempts.cjs"));
  for (const name of ["express", "fastify", "hono", "vite"]) copyPackages(folder, name, [name]);
  link("../vite/bin/vite.js", join(folder, "vite/node_modules/.bin/vite"));
  layWorkspace(folder);
  layLinked(folder);
  layReleases(folder);
  const vite = [process.execPath, "node_modules/vite/bin/vite.js", "build"];
  succeed(await runIn(join(folder, "vite"), vite), "vite build");
  if (cc !== null) {
    succeed(await runIn(join(folder, "compiled"), [cc, "-o", "server", "server.c"]), "cc server.c");
    succeed(await runIn(join(folder, "addon"), [cc, "-shared", "-fPIC", "-o", "addon.node", "addon.c"]), "cc addon.c");
  }
  copyRuntimes(folder, node);
  chmodSync(folder, 0o755);
  return { folder, node, cc };
}

/** Copies what a package manager would install: these packages and all their dependencies. */
function copyPackages(folder: string, project: string, names: string[]): void {
  const copied = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    // Packages of other platforms are not installed.
    if (copied.has(name) || !existsSync(join(packages, name))) continue;
    copied.add(name);
    copy(join(packages, name), join(folder, project, "node_modules", name));
    pending.push(...neededBy(join(packages, name)));
  }
}

function neededBy(path: string): string[] {
  type Needs = Record<"dependencies" | "optionalDependencies", Record<string, string> | undefined>;
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Needs;
  const own = Object.keys({ ...dependencies, ...optionalDependencies });
  const nested = join(path, "node_modules");
  const names = existsSync(nested) ? readdirSync(nested).filter((name) => !name.startsWith(".")) : [];
  const scoped = names.flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(nested, name)).map((below) => `${name}/${below}`) : [name],
  );
  return [...own, ...scoped.flatMap((name) => neededBy(join(nested, name)))];
}

/** Makes a workspace as npm does: its packages are links in the node_modules of its root. */
function layWorkspace(folder: string): void {
  copyPackages(folder, "monorepo", ["express"]);
  for (const name of ["greeting", "punctuation"]) link(`../../packages/${name}`, join(folder, "monorepo/node_modules/@monorepo", name));
}

/** Links a package as `bun link` does: a link in node_modules to a link among the global packages, which leads to the package. */
function layLinked(folder: string): void {
  cpSync(join(folder, "express"), join(folder, "linked/app"), { recursive: true });
  cpSync(join(folder, "monorepo/apps/api"), join(folder, "linked/app"), { recursive: true });
  cpSync(join(folder, "monorepo/packages"), join(folder, "shelf"), { recursive: true });
  link("../../../../../shelf/greeting", join(folder, globalPackages, "@monorepo/greeting"));
  link("../../../../../shelf/punctuation", join(folder, globalPackages, "@monorepo/punctuation"));
  link(`../../../../${globalPackages}/@monorepo/greeting`, join(folder, "linked/app/node_modules/@monorepo/greeting"));
  link(`../../../../${globalPackages}/@monorepo/punctuation`, join(folder, "shelf/greeting/node_modules/@monorepo/punctuation"));
}

function layReleases(folder: string): void {
  mkdirSync(join(folder, "deploy/shared/uploads"), { recursive: true });
  cpSync(join(folder, "releases"), join(folder, "deploy/releases"), { recursive: true });
  link("../../shared/uploads", join(folder, "deploy/releases/20260102/uploads"));
  link("releases/20260102", join(folder, "deploy/current"));
}

function copyRuntimes(folder: string, node: string | null): void {
  copy(process.execPath, join(folder, bunPrefix, "bin/bun"));
  if (node === null) return;
  copy(node, join(folder, nodePrefix, "bin/node"));
  const npm = join(dirname(dirname(node)), "lib/node_modules/npm");
  if (!existsSync(npm)) return;
  copy(npm, join(folder, nodePrefix, "lib/node_modules/npm"));
  link("../lib/node_modules/npm/bin/npm-cli.js", join(folder, nodePrefix, "bin/npm"));
}

function copy(source: string, target: string): void {
  cpSync(source, target, { recursive: true, dereference: true });
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function runIn(folder: string, argv: string[]): Promise<Outcome> {
  return run(["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, ...argv]);
}
