// The build as shipped: the same bytes in every directory, and checksums beside them.
import { expect, test } from "bun:test";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { run, succeed, tempDir } from "./harness.ts";

const top = join(import.meta.dir, "..");

/** Copies the inputs of a build, installs the packages that it bundles, and builds a release. */
async function release(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const file of ["build.ts", "package.json", "bun.lock"]) copyFileSync(join(top, file), join(folder, file));
  cpSync(join(top, "src"), join(folder, "src"), { recursive: true });
  const bun = (argv: string[]) =>
    run(["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, process.execPath, ...argv], { timeoutMs: 150_000 });
  succeed(await bun(["install", "--frozen-lockfile", "--production", "--ignore-scripts", "--silent"]), "bun install");
  // The executables that the build starts from are stored once for all builds.
  mkdirSync(join(top, "node_modules/.programs"), { recursive: true });
  symlinkSync(join(top, "node_modules/.programs"), join(folder, "node_modules/.programs"));
  const { stdout } = succeed(await bun(["build.ts", "--all"]), "build.ts --all");
  expect(stdout).toMatch(/^dist\/bs9-linux-x64 \d+ MB, .*\ndist\/bs9-linux-arm64 \d+ MB, .*\n$/);
  return stdout;
}

test("two releases, built in two directories, are identical", async () => {
  const [one, other] = [tempDir(), join(tempDir(), "another folder/ü")];
  const printed = await release(one);
  await release(other);
  const sums = readFileSync(join(one, "dist/SHA256SUMS"), "utf8");
  expect(readFileSync(join(other, "dist/SHA256SUMS"), "utf8")).toBe(sums);
  for (const folder of [one, other]) {
    const check = ["sh", "-c", 'cd "$1" && sha256sum --check --strict SHA256SUMS', "sh", join(folder, "dist")];
    expect(await run(check)).toEqual({ code: 0, stdout: "bs9-linux-x64: OK\nbs9-linux-arm64: OK\n", stderr: "" });
    expect(readdirSync(join(folder, "dist")).sort()).toEqual(["SHA256SUMS", "bs9-linux-arm64", "bs9-linux-x64"]);
  }
  const ours = join(one, `dist/bs9-linux-${process.arch}`);
  expect(printed).toContain(`dist/bs9-linux-${process.arch} `);
  expect(printed).toMatch(/bs9 version in \d+\.\d ms/);
  expect(succeed(await run([ours, "version"]), "bs9 version").stdout).toContain(`linux-${process.arch})`);
  for (const folder of [one, other]) rmSync(folder, { recursive: true });
}, 400_000);

test("an unknown option of the build is refused", async () => {
  const { code, stderr } = await run([process.execPath, join(top, "build.ts"), "--al"]);
  expect([code, stderr]).toEqual([1, "build: usage: build.ts [--all]\n"]);
  expect(existsSync(join(top, "dist/--al"))).toBe(false);
});
