// Builds dist/bs9, the one executable, for this machine. Same source, same bytes.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";

const top = import.meta.dir;
const outfile = join(top, "dist/bs9");

const built = await Bun.build({
  entrypoints: [join(top, "src/main.ts")],
  // Without the two autoloads off, a bunfig.toml or .env in the caller's folder would run inside bs9.
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  target: "bun",
  format: "esm",
  minify: true,
  bytecode: true,
  splitting: true,
  sourcemap: "linked",
  define: {
    BS9_COMMIT: JSON.stringify(commit()),
    BS9_TARGET: JSON.stringify(`${process.platform}-${process.arch}`),
  },
  throw: false,
});
for (const message of built.logs) console.error(message);
if (!built.success) process.exit(1);
// The executable carries its maps; the copies beside it serve nobody.
for (const map of new Bun.Glob("*.map").scanSync(dirname(outfile))) rmSync(join(dirname(outfile), map));
console.log(`dist/bs9 ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB`);

/** The short hash, with `-dirty` where a tracked file differs; `unknown` outside a repository of our own. */
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
    return "unknown"; // no git here
  }
}
