// Environment files: which are accepted, and which are refused without being read.
import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bs9Error } from "../../src/base/errors.ts";
import { readEnvFiles } from "../../src/service/environment.ts";
import { readProject } from "../../src/service/project.ts";
import { tempDir } from "../harness.ts";

const readEnvFile = async (file: string) => (await readEnvFiles([file]))[0]?.values;

async function refusal(file: string): Promise<Bs9Error> {
  const error = await readEnvFile(file).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Bs9Error)) throw new Error(`${file} is not refused`);
  return error;
}

test("an environment file that is a symbolic link is refused, and the hint names the target of the link", async () => {
  const folder = tempDir();
  writeFileSync(join(folder, "credentials"), "AWS_SECRET=x\n");
  symlinkSync("credentials", join(folder, ".env"));
  const { message, hint } = await refusal(join(folder, ".env"));
  const target = join(folder, "credentials");
  expect(message).toBe(
    `cannot read the environment file ${folder}/.env: it is a symbolic link to ${target}; bs9 does not follow it, because an app could have created it`,
  );
  expect(hint).toBe(`name the file itself: --env-file ${target}`);
  expect(await readEnvFile(target)).toEqual({ AWS_SECRET: "x" });
});

test("an environment file that is a dangling symbolic link is refused as a link", async () => {
  const file = join(tempDir(), ".env");
  symlinkSync("gone", file);
  expect((await refusal(file)).message).toContain("it is a symbolic link");
});

test("a secret that Kubernetes mounts is read by its name below ..data, as the hint says", async () => {
  const folder = tempDir();
  mkdirSync(join(folder, "..2026_11_27"));
  writeFileSync(join(folder, "..2026_11_27/app.env"), "TOKEN=x\n");
  symlinkSync("..2026_11_27", join(folder, "..data"));
  symlinkSync("..data/app.env", join(folder, "app.env"));
  expect((await refusal(join(folder, "app.env"))).hint).toBe(`name the file itself: --env-file ${folder}/..data/app.env`);
  expect(await readEnvFile(join(folder, "..data/app.env"))).toEqual({ TOKEN: "x" });
});

test.each([
  ["a FIFO", (path: string) => void Bun.spawnSync(["mkfifo", path]), "it is not a regular file"],
  ["a directory", (path: string) => mkdirSync(path), "it is a directory"],
])("--env-file refuses %s without waiting", async (_, make, why) => {
  const file = join(tempDir(), ".env");
  make(file);
  expect((await refusal(file)).message).toContain(why);
});

test("bs9.toml refuses a link as --env-file does", async () => {
  const folder = tempDir();
  writeFileSync(join(folder, "real.env"), "A=1\n");
  symlinkSync("real.env", join(folder, ".env"));
  writeFileSync(join(folder, "bs9.toml"), '[services.web]\nentry = "app.ts"\nenv-file = ".env"\n');
  await expect(readProject(join(folder, "bs9.toml"))).rejects.toThrow("it is a symbolic link to");
});
