// Builds the executable dist/bs9 for this machine, or with --all the files of a release. The same source always gives the same
// bytes.
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { devDependencies } from "./package.json";

type Target = { os: "linux"; arch: "x64" | "arm64"; npmPackage: string };

const released: Target[] = [
  { os: "linux", arch: "x64", npmPackage: "@oven/bun-linux-x64" },
  { os: "linux", arch: "arm64", npmPackage: "@oven/bun-linux-aarch64" },
];
const installMs = 300_000;

const top = import.meta.dir;
const dist = join(top, "dist");
const [option, ...more] = process.argv.slice(2);
if (more.length > 0 || (option !== undefined && option !== "--all")) stop("usage: build.ts [--all]");

if (option === undefined) {
  await build("dist/bs9", {});
  console.log(`dist/bs9 ${megabytes("dist/bs9")} MB`);
} else {
  await release();
}

async function release(): Promise<void> {
  // Bytecode works only with the version of Bun that made it.
  if (Bun.version !== devDependencies.bun)
    stop(`a release must be built by Bun ${devDependencies.bun}, but this is Bun ${Bun.version}; use npm run build -- --all`);
  rmSync(join(dist, "SHA256SUMS"), { force: true });
  const sums: string[] = [];
  for (const { os, arch, npmPackage } of released) {
    const name = `bs9-${os}-${arch}`;
    // Without `target`, process.arch in the bundle would be that of the machine that builds.
    await build(`dist/${name}`, { target: `bun-${os}-${arch}`, executablePath: await programOf(npmPackage) }, `${os}-${arch}`);
    const bytes = await Bun.file(join(dist, name)).bytes();
    sums.push(`${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}  ${name}\n`);
    console.log(`dist/${name} ${megabytes(`dist/${name}`)} MB, ${startTime(join(dist, name))}`);
  }
  await Bun.write(join(dist, "SHA256SUMS"), sums.join(""));
}

async function build(
  outfile: string,
  compile: Partial<Bun.CompileBuildOptions>,
  target = `${process.platform}-${process.arch}`,
): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(top, "src/main.ts")],
    // With either autoload on, a bunfig.toml or .env in the caller's directory would take effect inside bs9.
    compile: { ...compile, outfile: join(top, outfile), autoloadDotenv: false, autoloadBunfig: false },
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    splitting: true,
    sourcemap: "linked",
    define: { BS9_COMMIT: JSON.stringify(commit()), BS9_TARGET: JSON.stringify(target) },
    throw: false,
  });
  for (const message of built.logs) console.error(message);
  if (!built.success) process.exit(1);
  // The executable contains its source maps, so the copies beside it are not needed.
  for (const map of new Bun.Glob("*.map").scanSync(dist)) rmSync(join(dist, map));
}

/** The short hash of the commit, with `-dirty` if a tracked file differs; `unknown` if `top` is not a Git repository. */
function commit(): string {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(top) };
  try {
    const described = Bun.spawnSync(["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=9"], {
      cwd: top,
      env,
      timeout: 10_000,
    });
    return described.success ? described.stdout.toString().trim() : "unknown";
  } catch {
    return "unknown"; // git is not installed
  }
}

/**
 * The path of the Bun of a target, which becomes a part of the executable. A normal install leaves out packages for other CPUs,
 * so the programs of all targets are installed once into a separate directory, with the versions and hashes of bun.lock. Later
 * builds need no network.
 */
async function programOf(npmPackage: string): Promise<string> {
  const store = join(top, "node_modules/.programs", Bun.version);
  const path = join(store, npmPackage);
  if (existsSync(path)) return path;
  const scratch = join(store, `.install-${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  for (const file of ["package.json", "bun.lock"]) copyFileSync(join(top, file), join(scratch, file));
  const flags = ["--frozen-lockfile", "--os=linux", "--cpu=*", "--ignore-scripts", "--linker=hoisted", "--silent"];
  const child = Bun.spawn([process.execPath, "install", ...flags], {
    cwd: scratch,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: installMs,
    killSignal: "SIGKILL",
  });
  const code = await child.exited;
  for (const each of released) {
    const program = join(scratch, "node_modules", each.npmPackage, "bin/bun");
    if (!existsSync(program)) continue;
    mkdirSync(dirname(join(store, each.npmPackage)), { recursive: true });
    chmodSync(program, 0o755);
    renameSync(program, join(store, each.npmPackage));
  }
  rmSync(scratch, { recursive: true, force: true });
  if (!existsSync(path)) stop(`bun install (exit ${code}) did not install ${npmPackage}; the first build with --all needs the network`);
  return path;
}

/** The median time of eleven runs of `bs9 version`, from spawn to exit. */
function startTime(file: string): string {
  const times: number[] = [];
  for (let run = 0; run < 11; run++) {
    const began = performance.now();
    try {
      if (!Bun.spawnSync([file, "version"], { timeout: 10_000 }).success) return "bs9 version fails";
    } catch {
      return "cannot run on this machine";
    }
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return `bs9 version in ${times[5]?.toFixed(1)} ms`;
}

function megabytes(file: string): string {
  return (Bun.file(join(top, file)).size / 1e6).toFixed(0);
}

function stop(reason: string): never {
  console.error(`build: ${reason}`);
  process.exit(1);
}
