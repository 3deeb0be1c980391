// A home full of apps for apps.test.ts: packages installed and frameworks built on this machine, to be copied into a lab.
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Outcome, run, succeed, tempDir } from "../harness.ts";

/** Where nvm and Bun's own installer put their programs, below home. */
export const nodePrefix = ".nvm/versions/node/v1.2.3";
export const bunPrefix = ".bun";
const globalPackages = `${bunPrefix}/install/global/node_modules`;

/** `noPackages` says why the packages of the registry cannot be had here, `node` is this machine's Node; null where not so. */
export type Apps = { folder: string; noPackages: string | null; node: string | null };

export async function prepareApps(): Promise<Apps> {
  const folder = tempDir();
  cpSync(join(import.meta.dir, "../fixtures/apps"), folder, { recursive: true });
  // One workspace twice: with its packages in the root's node_modules, and as a store of links.
  for (const linker of ["hoisted", "isolated"]) cpSync(join(folder, "monorepo"), join(folder, linker), { recursive: true });
  const node = Bun.which("node");
  const noPackages = await installPackages(folder);
  if (noPackages === null) {
    linkPackages(folder);
    await build(folder, "vite", node);
    await build(folder, "next", node);
  }
  await compileServer(folder);
  copyRuntimes(folder, node);
  chmodSync(folder, 0o755);
  return { folder, noPackages, node };
}

async function installPackages(folder: string): Promise<string | null> {
  for (const [app, ...options] of [
    ["express"],
    ["hono"],
    ["vite"],
    ["next"],
    ["hoisted", "--linker=hoisted"],
    ["isolated", "--linker=isolated"],
  ]) {
    const bun = [process.execPath, "install", "--no-save", "--ignore-scripts", ...options];
    const { code, stderr } = await runIn(join(folder, app ?? ""), bun);
    if (code !== 0) return `bun install of ${app} ended with ${code}: ${stderr.trim()}`;
  }
  return null;
}

/** As `bun link` does it: a link in node_modules to a link among the global packages to the package itself. */
function linkPackages(folder: string): void {
  cpSync(join(folder, "express"), join(folder, "linked/app"), { recursive: true });
  cpSync(join(folder, "monorepo/apps/api"), join(folder, "linked/app"), { recursive: true });
  cpSync(join(folder, "monorepo/packages"), join(folder, "shelf"), { recursive: true });
  link("../../../../../shelf/greeting", join(folder, globalPackages, "@monorepo/greeting"));
  link("../../../../../shelf/punctuation", join(folder, globalPackages, "@monorepo/punctuation"));
  link(`../../../../${globalPackages}/@monorepo/greeting`, join(folder, "linked/app/node_modules/@monorepo/greeting"));
  link(`../../../../${globalPackages}/@monorepo/punctuation`, join(folder, "shelf/greeting/node_modules/@monorepo/punctuation"));
}

async function build(folder: string, app: string, node: string | null): Promise<void> {
  const argv = [node ?? process.execPath, join("node_modules/.bin", app), "build"];
  succeed(await runIn(join(folder, app), argv, { NEXT_TELEMETRY_DISABLED: "1" }), `${app} build`);
}

async function compileServer(folder: string): Promise<void> {
  const cc = Bun.which("cc");
  const argv = cc === null ? [process.execPath, "build", "--compile", "--outfile=server", "server.ts"] : [cc, "-o", "server", "server.c"];
  succeed(await runIn(join(folder, "compiled"), argv), argv.join(" "));
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

function runIn(folder: string, argv: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run(["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, ...argv], { timeoutMs: 400_000, env });
}
