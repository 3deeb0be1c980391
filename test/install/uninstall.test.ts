// install.sh --uninstall: its questions, what it removes, and what it keeps.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, run } from "../harness.ts";
import { type Home, home, script, settled, shells } from "./release.ts";

const belongings = [
  ".config/bs9/config.toml",
  ".local/share/bs9/runtime/1.0/bs9",
  ".local/state/bs9/outcome/web.json",
  ".cache/bs9/host.json",
];
const specs = [".config/bs9/services/api.json", ".config/bs9/services/web.json"];

function lived(files: string[] = [...belongings, ...specs]): Home {
  const it = settled();
  for (const file of [...files, ".config/other/kept", "apps/web/app.ts"]) it.put(file, "x");
  return it;
}

const there = (it: Home, files: string[]): string[] => files.filter((file) => existsSync(join(it.path, file)));
const deleted = (it: Home): string | null => (existsSync(join(it.path, "deleted")) ? readFileSync(join(it.path, "deleted"), "utf8") : null);

function expectOthersKept(it: Home): void {
  expect(there(it, [".config/other/kept", "apps/web/app.ts"])).toHaveLength(2);
}

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("%s", (_, shell) => {
  const uninstall = (it: Home, options: string, env?: Record<string, string>) =>
    it.install(shell, ["--uninstall", ...options.split(" ")], env);

  test("uninstalling with services and data removes everything", async () => {
    const it = lived();
    const outcome = await uninstall(it, "--yes --with-services --with-data");
    expect(outcome.stderr).toBe("");
    expect(outcome.code).toBe(0);
    expect(deleted(it)).toBe("delete all --yes\n");
    expect(it.state()).toEqual({});
    for (const folder of [".config/bs9", ".local/share/bs9", ".local/state/bs9", ".cache/bs9"]) {
      expect(existsSync(join(it.path, folder))).toBe(false);
      expect(outcome.stdout).toContain(`Removed ${it.path}/${folder}\n`);
    }
    expectOthersKept(it);
  });

  test("uninstalling with services but without data keeps the data", async () => {
    const it = lived();
    expect((await uninstall(it, "--yes --with-services --keep-data")).code).toBe(0);
    expect(deleted(it)).toBe("delete all --yes\n");
    expect(it.state()).toEqual({});
    expect(there(it, belongings)).toEqual(belongings);
  });

  test("uninstalling with --keep-services keeps services running and keeps the data", async () => {
    const it = lived();
    const outcome = await uninstall(it, "--yes --keep-services");
    expect(outcome.stdout).toContain("These services keep running: api web\n");
    expect(outcome.code).toBe(0);
    expect(deleted(it)).toBeNull();
    expect(it.state()).toEqual({});
    expect(there(it, [...belongings, ...specs])).toHaveLength(belongings.length + specs.length);
  });

  test("uninstalling needs only --yes if no service was ever started", async () => {
    const it = lived([]);
    expect((await uninstall(it, "--yes")).code).toBe(0);
    expect(it.state()).toEqual({});
    expectOthersKept(it);
  });

  test.each([
    ["--yes", "there are services (api web): --with-services deletes them"],
    ["--yes --with-services", "--with-data removes it, --keep-data leaves it"],
    ["--yes --keep-services --with-data", "--with-data can only be used with --with-services"],
  ])("uninstalling refuses the options %s, because they do not answer every question or contradict each other", async (options, text) => {
    const it = lived();
    const before = it.state();
    const outcome = await uninstall(it, options);
    expect(outcome.stderr).toContain(text);
    expect(outcome.code).toBe(2);
    expect(it.state()).toEqual(before);
    expect(there(it, specs)).toEqual(specs);
  });

  test("uninstalling without a terminal and without --yes removes nothing", async () => {
    const it = lived();
    const outcome = await run(["setsid", "--wait", ...shell, script, "--to", it.bin, "--uninstall"], { env: { HOME: it.path } });
    expect(outcome.stderr).toContain("there is no terminal to ask on: give --yes");
    expect(outcome.code).toBe(2);
    expect(there(it, specs)).toEqual(specs);
  });

  test("uninstalling removes nothing if bs9 cannot delete its services", async () => {
    const it = lived();
    it.put(".local/bin/bs9", "#!/bin/sh\nexit 1\n");
    const before = it.state();
    const outcome = await uninstall(it, "--yes --with-services --with-data");
    expect(outcome.stderr).toMatch(/^install\.sh: bs9 could not delete all services; .*\n$/);
    expect(outcome.code).toBe(1);
    expect(it.state()).toEqual(before);
    expect(there(it, [...belongings, ...specs])).toHaveLength(belongings.length + specs.length);
  });

  test("if bs9 is already gone, its data can be removed, but not while services exist", async () => {
    const it = home();
    for (const file of [...belongings, ...specs]) it.put(file, "x");
    expect((await uninstall(it, "--yes --keep-data")).stderr).toContain("there is no bs9 in ");
    expect((await uninstall(it, "--yes --with-services --with-data")).stderr).toContain("only bs9 can stop the services");
    expect(there(it, specs)).toEqual(specs);
    for (const file of specs) await Bun.file(join(it.path, file)).delete();
    expect((await uninstall(it, "--yes --with-data")).code).toBe(0);
    expect(there(it, belongings)).toEqual([]);
  });

  test("uninstalling uses BS9_HOME and the XDG directories in the same way as bs9", async () => {
    const one = lived(["b/config/config.toml", "b/data/x", "b/state/x", "b/cache/x", ...belongings]);
    expect((await uninstall(one, "--yes --with-data", { BS9_HOME: join(one.path, "b") })).code).toBe(0);
    expect(existsSync(join(one.path, "b"))).toBe(false);
    expect(there(one, belongings)).toEqual(belongings);

    const other = lived(["x/bs9/config.toml", ...belongings]);
    expect(
      (await uninstall(other, "--yes --with-data", { XDG_CONFIG_HOME: join(other.path, "x"), ["XDG_DATA_HOME"]: "relative" })).code,
    ).toBe(0);
    expect(there(other, ["x/bs9", ...belongings])).toEqual([".config/bs9/config.toml"]);
    expect(existsSync(join(other.path, "x"))).toBe(true);
  });

  test.each([
    ["y y y", 0, "delete all --yes\n", []],
    ["y n y", 0, "delete all --yes\n", belongings],
    ["n y", 0, null, belongings],
    ["n n", 1, null, belongings],
    ["", 1, null, belongings],
  ])("the answers to the questions decide what is removed: %s", async (answers, code, acted, left) => {
    const it = lived();
    const before = it.state();
    const outcome = await answered(it, shell, answers);
    expect(outcome.stdout).toContain("Stop and delete the services api web? If not, they keep running. [y/N]");
    expect(outcome.code).toBe(code);
    expect(deleted(it)).toBe(acted);
    expect(it.state()).toEqual(code === 0 ? {} : before);
    expect(there(it, belongings)).toEqual(left);
  });

  /** Piped, as in `curl | sh -s -- --uninstall`; the answers come from the terminal that script(1) creates. */
  function answered(it: Home, shell: string[], answers: string): Promise<Outcome> {
    const command = `cat ${script} | ${shell.join(" ")} -s -- --to ${it.bin} --uninstall`;
    const lines = answers === "" ? "\u0004" : `${answers.replaceAll(" ", "\n")}\n\u0004`;
    return run(["script", "--quiet", "--return", "--command", command, "/dev/null"], {
      input: lines,
      env: { HOME: it.path, BS9_HOME: undefined },
    });
  }
});
