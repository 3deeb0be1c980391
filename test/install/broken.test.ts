// install.sh with failures: each time one sentence, and the old state unchanged.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, run, tempDir } from "../harness.ts";
import { type Files, type Home, home, program, releaseOf, script, serve, serveCut, settled, shells, standIn, sumsOf } from "./release.ts";

const next = releaseOf(standIn("1.1"));
/** One shell is tested at every place; the others run the same code, so fewer places are enough for them. */
const placesFor = (shell: string[]): number => (shell === shells[0] ? 12 : 3);
const cutsFor = (shell: string[]): number => (shell === shells[0] ? 20 : 8);
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log("skipped: install.sh on a full and on a read-only file system; only root can mount one");

function expectRefused(outcome: Outcome, it: Home, before: Record<string, string>, reason: string | RegExp): void {
  expect(outcome.stderr).toMatch(/^install\.sh: [^\n]*; nothing was changed\n$/);
  expect(outcome.stderr).toMatch(reason);
  expect(outcome.code).toBe(1);
  expect(it.state()).toEqual(before);
}

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("%s", (_, shell) => {
  const [places, cuts] = [placesFor(shell), cutsFor(shell)];
  test(`install.sh that is cut off at one of ${cuts} places changes nothing`, async () => {
    const text = await Bun.file(script).bytes();
    using server = serve(next);
    const inside = Array.from({ length: cuts - 6 }, (_, i) => Math.floor((text.length * (i + 1)) / (cuts - 5)));
    const atTheEnd = [2, 4, 7, 8, 12, 14].map((bytes) => text.length - bytes);
    const begins = Buffer.from(text).indexOf("\n{") + 1;
    const it = settled();
    const before = it.state();
    for (const at of [...inside, ...atTheEnd]) {
      const outcome = await it.pipe(shell, text.slice(0, at), [], { BS9_RELEASE_URL: server.url });
      expect(outcome.stdout).toBe("");
      expect(outcome.code).toBe(at > begins ? 2 : 0);
      expect(it.state()).toEqual(before);
    }
    expect(server.asked).toEqual([]);
    // The last byte is a newline, which is not needed.
    await it.pipe(shell, text.slice(0, -1), [], { BS9_RELEASE_URL: server.url });
    expect(server.asked).toEqual(["SHA256SUMS", program]);
  });

  test.each([
    ["program, with a declared length", program, true],
    ["program, without a declared length", program, false],
    ["checksums, with a declared length", "SHA256SUMS", true],
    ["checksums, without a declared length", "SHA256SUMS", false],
  ])(`a download that ends at one of ${places} places changes nothing: the %s`, async (_, name, declared) => {
    const it = settled();
    const before = it.state();
    const { length } = next[name] ?? [];
    for (let place = 0; place < places; place++) {
      // Up to two bytes before the end, because the last byte of the checksums is a newline.
      const at = Math.floor(((length - 2) * place) / (places - 1));
      using server = serveCut(next, { name, at, declared });
      const outcome = await it.install(shell, [], { BS9_RELEASE_URL: server.url });
      expectRefused(outcome, it, before, declared ? /was interrupted/ : /does not match SHA256SUMS|has no checksum for/);
    }
  });

  test.each<[string, Files, string]>([
    ["a wrong checksum", { ...next, SHA256SUMS: sumsOf({ [program]: standIn("0.9") }) }, `${program} does not match SHA256SUMS`],
    ["a missing checksum", { ...next, SHA256SUMS: sumsOf({ other: standIn("1.1") }) }, "has no checksum for"],
    ["a web page instead of checksums", { ...next, SHA256SUMS: new TextEncoder().encode("<html>\n") }, "has no checksum for"],
    ["a missing SHA256SUMS", { [program]: standIn("1.1") }, "cannot download SHA256SUMS from .*: the server answers 404"],
    ["a missing program", { SHA256SUMS: sumsOf(next) }, "cannot download bs9-.*: the server answers 404"],
    ["a SHA256SUMS that is too large", { ...next, SHA256SUMS: new Uint8Array(1_000_000) }, "more than the 65536 bytes allowed"],
    [
      "a program that does not run",
      releaseOf(new TextEncoder().encode("#!/bin/sh\necho 'no GLIBC_2.99' >&2; exit 1\n")),
      "does not run here: no GLIBC_2.99",
    ],
    ["an empty program", releaseOf(new TextEncoder().encode("\x7fELF")), "does not run here"],
  ])("install.sh refuses a release with %s", async (_, files, reason) => {
    const it = settled();
    const before = it.state();
    using server = serve(files);
    expectRefused(await it.install(shell, [], { BS9_RELEASE_URL: server.url }), it, before, new RegExp(reason));
  });

  test("install.sh gives up on a server that does not announce the length and does not stop sending", async () => {
    const it = settled();
    const before = it.state();
    using server = serveCut({ SHA256SUMS: new Uint8Array(1_000_000) }, { name: "SHA256SUMS", at: 1_000_000, declared: false });
    const outcome = await it.install(shell, [], { BS9_RELEASE_URL: server.url });
    expectRefused(outcome, it, before, "more than the 65536 bytes allowed");
  });

  test("install.sh gives up on a server that stops sending", async () => {
    const it = settled();
    const before = it.state();
    using server = serveCut(next, { name: program, at: 5000, declared: true, thenHang: true });
    const outcome = await it.install(shell, [], { BS9_RELEASE_URL: server.url, BS9_DOWNLOAD_SECONDS: "1" });
    expectRefused(outcome, it, before, "it took too long");
  });

  test("install.sh fails without network, and does not show a password in the address", async () => {
    const it = settled();
    const before = it.state();
    const alone = isRoot ? ["unshare", "--net"] : ["unshare", "--map-root-user", "--net"];
    const outcome = await it.install([...alone, ...shell], [], { BS9_RELEASE_URL: "http://me:secret@127.0.0.1:9/v1" });
    expectRefused(outcome, it, before, "from http://127.0.0.1:9/v1: the server cannot be reached");
  });

  test("install.sh that is ended by a signal leaves the old state", async () => {
    const it = settled();
    const before = it.state();
    using server = serveCut(next, { name: program, at: 5000, declared: true, thenHang: true });
    const env = { ...process.env, HOME: it.path, BS9_RELEASE_URL: server.url };
    const child = Bun.spawn([...shell, script, "--to", it.bin], { env, stdout: "ignore", stderr: "ignore", timeout: 20_000 });
    const end = performance.now() + 10_000;
    while (!server.asked.includes(program) && performance.now() < end) await Bun.sleep(10);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
    expect(it.state()).toEqual(before);
  });

  test.skipIf(!isRoot)("a full disk leaves the old state", async () => {
    const it = home();
    const small = it.put("small", standIn("1.0"));
    const big = standIn("1.1", { bytes: 4_000_000 });
    const file = it.put("big", big);
    using server = serve(releaseOf(big));
    const steps = `
      mount -t tmpfs -o size=1m tmpfs "$1"
      ${shell.join(" ")} "$2" --to "$1" --file "$3" >/dev/null || exit 9
      ${shell.join(" ")} "$2" --to "$1" >/dev/null; echo $?
      ${shell.join(" ")} "$2" --to "$1" --file "$4" >/dev/null; echo $?
      cat /dev/zero >"$1/filled" 2>/dev/null; rm -f "$1/bs9.old"
      ${shell.join(" ")} "$2" --to "$1" --file "$3.1" >/dev/null; echo $?
      rm "$1/filled"; ls -A "$1"; "$1/bs9" version`;
    it.put("small.1", standIn("1.2"));
    const outcome = await mounted(steps, [join(it.path, "bin"), script, small, file], { HOME: it.path, BS9_RELEASE_URL: server.url });
    expect(outcome.stdout).toBe("1\n1\n1\nbs9\nbs9 1.0 (stand-in)\n");
    expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(3);
    for (const line of outcome.stderr.trimEnd().split("\n"))
      expect(line).toMatch(/^install\.sh: .*there is no space left in \S+; nothing was changed$/);
  });

  test.skipIf(!isRoot)("a read-only target and root's directory are refused", async () => {
    const it = home();
    const [first, second] = [it.put("first", standIn("1.0")), it.put("second", standIn("1.1"))];
    const steps = `
      mount -t tmpfs tmpfs /usr/local/bin
      ${shell.join(" ")} "$2" --file "$3" || exit 9
      mount -o remount,ro /usr/local/bin
      for verb in "--file $4" --rollback "--uninstall --yes"; do ${shell.join(" ")} "$2" $verb; echo $?; done
      ls -A /usr/local/bin; /usr/local/bin/bs9 version`;
    const outcome = await mounted(steps, [join(it.path, "bin"), script, first, second], { HOME: it.path });
    expect(outcome.stdout).toContain("as /usr/local/bin/bs9\n");
    expect(outcome.stdout).toEndWith("1\n1\n1\nbs9\nbs9 1.0 (stand-in)\n");
    expect(outcome.stderr.split("\n").map((line) => line.replace(/mktemp.*: /, ""))).toEqual([
      "install.sh: cannot write to /usr/local/bin: Read-only file system; nothing was changed",
      "install.sh: there is no /usr/local/bin/bs9.old to go back to; nothing was changed",
      "install.sh: cannot remove /usr/local/bin/bs9: Read-only file system",
      "",
    ]);
  });

  test.skipIf(!isRoot)("a target that another user owns is refused", async () => {
    const before = readdirSync("/usr/local/bin");
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const argv = [...nobody, ...shell, "-s", "--", "--to", "/usr/local/bin", "--file", "/bin/sh"];
    const outcome = await run(argv, { input: await Bun.file(script).bytes() });
    expect(outcome.stderr).toBe("install.sh: cannot write to /usr/local/bin: Permission denied; nothing was changed\n");
    expect(outcome.code).toBe(1);
    expect(readdirSync("/usr/local/bin")).toEqual(before);
  });
});

/** Runs a script with its own mounts; the first argument is a directory to mount on. */
function mounted(steps: string, [folder = tempDir(), ...rest]: string[], env: Record<string, string>): Promise<Outcome> {
  mkdirSync(folder, { recursive: true });
  return run(["unshare", "--mount", "--propagation", "private", "sh", "-c", steps, "sh", folder, ...rest], {
    env: { ...env, BS9_HOME: undefined },
  });
}
