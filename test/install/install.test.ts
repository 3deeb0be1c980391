// install.sh against a local release server: new installation, upgrade, rollback, a local file, its output, and what it
// refuses.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, run, tempDir } from "../harness.ts";
import { home, pathOf, program, releaseOf, script, serve, settled, shells, standIn, sumsOf, versionIn } from "./release.ts";

const shellcheck = Bun.which("shellcheck");
if (shellcheck === null) console.log("skipped: shellcheck of install.sh; apt-get install shellcheck");
test.skipIf(shellcheck === null)("shellcheck finds nothing in install.sh", async () => {
  expect(await run(["shellcheck", script])).toEqual({ code: 0, stdout: "", stderr: "" });
});

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("%s", (_, shell) => {
  test("a new installation, an upgrade, the same version again, and rollbacks work", async () => {
    const it = home();
    for (const version of ["1.0", "1.1"]) {
      using server = serve(releaseOf(standIn(version)));
      const installed = await it.install(shell, [], { BS9_RELEASE_URL: `${server.url}/` });
      expect(installed.stderr).toBe("");
      expect(installed.code).toBe(0);
      expect(installed.stdout).toContain(`Installed: bs9 ${version} (stand-in), as ${it.bin}/bs9\n`);
      expect(await versionIn(it)).toBe(version);
      expect(server.asked).toEqual(["SHA256SUMS", program]);
    }
    expect(await versionIn(it, "bs9.old")).toBe("1.0");

    using server = serve(releaseOf(standIn("1.1")));
    const again = await it.install(shell, [], { BS9_RELEASE_URL: server.url });
    expect(again.stdout).toContain("This is the bs9 that is installed already: bs9 1.1");
    expect(await versionIn(it, "bs9.old")).toBe("1.0");

    for (const [now, old] of [
      ["1.0", "1.1"],
      ["1.1", "1.0"],
    ] as const) {
      expect((await it.install(shell, ["--rollback"])).code).toBe(0);
      expect([await versionIn(it), await versionIn(it, "bs9.old")]).toEqual([now, old]);
    }
    expect(Object.keys(it.state())).toEqual(["bs9", "bs9.old"]);
  });

  test("install.sh works when it is piped into a shell, as with curl", async () => {
    const it = home();
    using server = serve(releaseOf(standIn("1.0")));
    const installed = await it.pipe(shell, await Bun.file(script).bytes(), [], { BS9_RELEASE_URL: server.url });
    expect(installed.code).toBe(0);
    expect(await versionIn(it)).toBe("1.0");
  });

  test("install.sh runs doctor at its end if the new bs9 has that command, and succeeds whatever doctor finds", async () => {
    const it = home();
    const file = it.put("bs9", standIn("2.0", { doctor: true }));
    const installed = await it.install(shell, ["--file", file]);
    expect(installed.stdout).toEndWith("doctor was here\n");
    expect(installed.code).toBe(0);
  });

  test("a running agent gets time to restart as the new bs9 before doctor runs", async () => {
    const it = home();
    const file = it.put("bs9", standIn("2.0", { doctor: true }));
    it.put(
      "stubs/systemctl",
      `#!/bin/sh
echo "$*" >>"$HOME/asked"
case $* in *cat*) echo "ExecStart=${it.bin}/bs9" ;; *show*) echo ActiveState=activating ;; esac
`,
      0o755,
    );
    const env = { PATH: `${it.path}/stubs:${it.bin}:${process.env["PATH"]}`, SHELL: "/bin/sh" };
    const installed = await it.install(shell, ["--file", file], env);
    expect(installed.stdout).toEndWith("doctor was here\n");
    expect(await Bun.file(join(it.path, "asked")).text()).toContain("--user try-restart bs9-agent.service\n");
    expect(await Bun.file(join(it.path, "looks")).text()).toBe("\n\n\n");
  });

  test("a local file can be installed without network", async () => {
    const alone = process.getuid?.() === 0 ? ["unshare", "--net"] : ["unshare", "--map-root-user", "--net"];
    const it = home();
    const file = it.put("got/anything", standIn("1.0"));
    expect((await it.install([...alone, ...shell], ["--file", file])).code).toBe(0);
    expect(await versionIn(it)).toBe("1.0");

    it.put("got/SHA256SUMS", sumsOf({ anything: standIn("1.0") }));
    expect((await it.install([...alone, ...shell], ["--file", file])).code).toBe(0);

    const before = it.state();
    it.put("got/SHA256SUMS", sumsOf({ anything: standIn("1.1") }));
    const wrong = await it.install(shell, ["--file", file]);
    expect(wrong.stderr).toMatch(/^install\.sh: anything does not match SHA256SUMS: .*; nothing was changed\n$/);
    it.put("got/SHA256SUMS", sumsOf({ other: standIn("1.0") }));
    const unlisted = await it.install(shell, ["--file", file]);
    expect(unlisted.stderr).toMatch(/^install\.sh: \S+ has no checksum for anything; .*\n$/);
    expect([wrong.code, unlisted.code]).toEqual([1, 1]);
    expect(it.state()).toEqual(before);
  });

  test("install.sh builds a checkout with the tools of the checkout, and installs it", async () => {
    const it = home();
    it.put("checkout/build.ts", "");
    it.put("checkout/test/with-bun.sh", '[ "$1" = build.ts ] && mkdir -p dist && cp ../made dist/bs9');
    it.put("made", standIn("1.0"));
    const text = await Bun.file(script).bytes();
    const here = ["sh", "-c", `cd ${it.path}/checkout && exec "$@"`, "sh"];
    expect((await it.pipe([...here, ...shell], text, ["--from-source"])).code).toBe(0);
    expect(await versionIn(it)).toBe("1.0");
    it.put("checkout/test/with-bun.sh", "exit 3");
    const failed = await it.pipe([...here, ...shell], text, ["--from-source"]);
    expect([failed.code, failed.stderr]).toEqual([1, "install.sh: the build failed; nothing was changed\n"]);
  });

  test("the real executable can be installed", async () => {
    const it = home();
    using server = serve(releaseOf(await Bun.file(binary()).bytes()));
    const installed = await it.install(shell, [], { BS9_RELEASE_URL: server.url });
    expect(installed.code).toBe(0);
    expect(await run([join(it.bin, "bs9"), "version"])).toEqual(await run([binary(), "version"]));
  });

  test("a symbolic link is kept as the previous version, and its target is not changed", async () => {
    const it = home();
    const elsewhere = it.put("checkout/bs9", standIn("0.1"), 0o755);
    it.put(".local/bin/x", "");
    symlinkSync(elsewhere, join(it.bin, "bs9"));
    const file = it.put("new", standIn("1.0"));
    expect((await it.install(shell, ["--file", file])).code).toBe(0);
    expect([await versionIn(it), await versionIn(it, "bs9.old")]).toEqual(["1.0", "0.1"]);
    expect(await Bun.file(elsewhere).bytes()).toEqual(standIn("0.1"));
    expect((await it.install(shell, ["--rollback"])).code).toBe(0);
    expect([await versionIn(it), await versionIn(it, "bs9.old")]).toEqual(["0.1", "1.0"]);
  });

  test("install.sh says what is missing on PATH, and which other program hides bs9", async () => {
    const it = home();
    const file = it.put("new", standIn("1.0"));
    const off = await it.install(shell, ["--file", file]);
    expect(off.stdout).toContain('Add this line to ~/.profile: export PATH="$HOME/.local/bin:$PATH"\n');
    it.put(".profile", '[ ! -d "$HOME/.local/bin" ] || PATH="$HOME/.local/bin:$PATH"\n');
    const soon = await it.install(shell, ["--file", file], { SHELL: "/bin/sh" });
    expect(soon.stdout).toContain('To use bs9 in this shell too: export PATH="$HOME/.local/bin:$PATH"\n');
    expect(soon.stdout).not.toContain("Note");
    const hiding = tempDir();
    writeFileSync(join(hiding, "bs9"), standIn("0.1"), { mode: 0o755 });
    const hidden = await it.install(shell, ["--file", file], { PATH: `${hiding}:${process.env["PATH"]}:${it.bin}` });
    expect(hidden.stdout).toContain(`${hiding}/bs9 comes first on your PATH`);
  });

  test.each([
    [["--nonsense"], {}, 2, "unknown option --nonsense"],
    [["--file"], {}, 2, "--file needs a path"],
    [["--rollback", "--uninstall"], {}, 2, "--rollback and --uninstall cannot be used together"],
    [["--yes"], {}, 2, "can only be used with --uninstall"],
    [[], {}, 1, "BS9_RELEASE_URL is not set"],
    [[], { BS9_RELEASE_URL: "file:///etc" }, 1, "must begin with http"],
    [[], { BS9_RELEASE_URL: "http://x", BS9_DOWNLOAD_SECONDS: "soon" }, 1, "BS9_DOWNLOAD_SECONDS must be"],
    [["--file", "/nowhere"], {}, 1, "/nowhere is not a readable file"],
  ])("install.sh refuses the options %j with the environment %j", async (options, env, code, text) => {
    const it = settled();
    const before = it.state();
    const outcome = await it.install(shell, options, env);
    expect(outcome.stderr).toContain(text);
    expect(outcome.code).toBe(code);
    expect(it.state()).toEqual(before);
  });

  test("without a previous bs9 there is no rollback", async () => {
    const outcome = await home().install(shell, ["--rollback"]);
    expect(outcome.stderr).toMatch(/there is no \S+bs9\.old to go back to/);
    expect(outcome.code).toBe(1);
  });
});

describe("install.sh recognizes the architecture of the machine", () => {
  const answers = {
    uname: 'case $1 in -s) echo Linux ;; -m) echo "$MACHINE" ;; esac',
    getconf: 'case $1 in LONG_BIT) echo "$BITS" ;; *) echo "$LIBC"; [ -n "$LIBC" ] ;; esac',
    ldd: 'echo "$LDD"',
  };
  const plain = { MACHINE: "x86_64", BITS: "64", LIBC: "glibc 2.36", LDD: "" };
  test.each([
    [{ MACHINE: "aarch64" }, "bs9-linux-arm64"],
    [{ LIBC: "glibc 2.17" }, "bs9-linux-x64"],
    [{ LIBC: "", LDD: "ldd (GNU libc) 2.34" }, "bs9-linux-x64"],
    [{ LIBC: "", LDD: "no such thing" }, "bs9-linux-x64"],
    [{ MACHINE: "riscv64" }, "this machine is riscv64"],
    [{ BITS: "32" }, "needs a 64-bit system"],
    [{ LIBC: "glibc 2.5" }, "needs glibc 2.17 or newer, and this system has 2.5"],
    [{ LIBC: "", LDD: "ldd (Debian EGLIBC 2.13-38) 2.13" }, "and this system has 2.13"],
    [{ LIBC: "", LDD: "musl libc (x86_64)\nVersion 1.2.4" }, "this system has musl"],
  ])("%j", async (different, text) => {
    const it = home();
    for (const [name, line] of Object.entries(answers)) it.put(`stubs/${name}`, `#!/bin/sh\n${line}\n`, 0o755);
    using server = serve({});
    const env = { ...plain, ...different, PATH: `${it.path}/stubs:${process.env["PATH"]}`, BS9_RELEASE_URL: server.url };
    const outcome = await it.install(["sh"], [], env);
    expect(outcome.code).toBe(1);
    // On a supported machine the server is asked, which has no release.
    expect(outcome.stderr).toContain(text.startsWith("bs9-") ? "cannot download SHA256SUMS" : text);
    expect(existsSync(join(it.bin, "bs9"))).toBe(false);
  });
});

describe("install.sh uses another download program if curl is missing", () => {
  const tools =
    "sh uname getconf ldd id mkdir mktemp find chmod mv ln cp rm cmp sync sed awk tr df basename dirname sha256sum timeout cat env".split(
      " ",
    );
  const wget = Bun.which("wget");
  test.skipIf(wget === null)("wget can replace curl", () => installs(pathOf([...tools, "wget"]), ["sh"]));
  test.skipIf(Bun.which("busybox") === null)("the programs of busybox are enough", async () => {
    const folder = pathOf(["busybox"]);
    await run([join(folder, "busybox"), "--install", "-s", folder]);
    expect(readdirSync(folder)).toContain("wget");
    await installs(folder, [join(folder, "busybox"), "sh"]);
  });
  test("install.sh ends with an error if curl and wget are missing", async () => {
    const outcome = await home().install([Bun.which("sh") ?? "sh"], [], { PATH: pathOf(tools), BS9_RELEASE_URL: "http://127.0.0.1:9" });
    expect(outcome.stderr).toBe("install.sh: a download needs curl or wget, and neither is installed; nothing was changed\n");
  });

  async function installs(path: string, shell: string[]): Promise<void> {
    const it = home();
    using server = serve(releaseOf(standIn("1.0")));
    const installed = await it.install(shell, [], { PATH: path, BS9_RELEASE_URL: server.url });
    expect(installed.stderr).toBe("");
    expect(await versionIn(it)).toBe("1.0");
    using empty = serve({});
    const refused = await it.install(shell, [], { PATH: path, BS9_RELEASE_URL: empty.url });
    expect(refused.stderr).toMatch(/^install\.sh: cannot download SHA256SUMS from \S+: .*; nothing was changed\n$/);
  }
});
