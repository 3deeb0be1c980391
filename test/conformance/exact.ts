// Requirements on every backend: it passes arguments, environment and limits exactly as given, also to health commands.
import { expect } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentOf } from "../../src/service/spec.ts";
import { until } from "../harness.ts";
import { isRunning, type Stage, sleeper } from "./stage.ts";

const nasty = [
  "",
  " ",
  "  lead and trail  ",
  "a\nb\n",
  "\t",
  "\r",
  '"',
  "'",
  "\\",
  "\\n \\x41 \\101",
  "`id` $(id)",
  "$HOME ${HOME} $$ $1",
  "%h %% %n %i",
  "{}",
  ";",
  "#",
  "-x",
  "--",
  "=",
  "*",
  "~",
  "@",
  "+-!:|&<>()",
  "😀 ünï 日本語 \u00a0 \ufeff",
  "\x01\x02\x1b[31m\x7f",
];

// The strings that the kernel received, byte for byte.
const dump =
  "umask >umask; ulimit -Hn >files; pwd >cwd; readlink /proc/self/fd/0 >stdin; ls /proc/self/fd >fds; cat /proc/$$/environ >environ; cat /proc/$$/cmdline >cmdline.part; mv cmdline.part cmdline";

export const exact: Record<string, (stage: Stage) => Promise<void>> = {
  async "arguments and environment with difficult values arrive exactly"(stage) {
    const env = Object.fromEntries(nasty.map((value, i) => [`N${i}`, value]));
    const big = "x\n$%\"'\\😀".repeat(9000);
    const spec = stage.spec("one", `${dump}; ${sleeper}`, { args: [...nasty, big], env: { ...env, BIG: big, LANG: "C", PWD: "/a b" } });
    await stage.up(spec);
    const words = (await until(() => stage.wrote("cmdline"), { what: "what it got" })).split("\0").slice(0, -1);
    expect(words.slice(2)).toEqual([...nasty, big]);
    const got = new Map(
      (stage.wrote("environ") ?? "")
        .split("\0")
        .slice(0, -1)
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    for (const [name, value] of Object.entries(environmentOf(spec))) {
      if (name === "PATH") expect(got.get(name)).toStartWith(value);
      else expect([name, got.get(name)]).toEqual([name, value]);
    }
    expect(got.get("HOME")).toBe(stage.place.home);
    for (const name of got.keys()) expect(name).not.toMatch(/^BS9/);
  },

  async "a service runs with the working directory, umask, limit of open files and standard input of its spec"(stage) {
    const spec = stage.spec("one", `${dump}; ${sleeper}`, { limits: { files: 1234 } });
    await stage.up(spec);
    await until(() => stage.wrote("cmdline"), { what: "what it got" });
    expect(["cwd", "umask", "files", "stdin"].map((file) => stage.wrote(file)?.trim())).toEqual([stage.root, "0022", "1234", "/dev/null"]);
    // The three streams, and the directory that ls itself opens: no descriptor of the backend was inherited.
    expect(stage.wrote("fds")).toBe("0\n1\n2\n3\n");
  },

  async "a health command runs with the environment, directory and sandbox of its service, and its exit status is returned"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper, { env: { GREETING: nasty.join("|") } });
    await stage.define(spec);
    await Bun.write(join(stage.root, "expected"), nasty.join("|"));
    const beside = (command: string) => backend.runBeside(spec, command, 20_000);
    expect(await beside("exit 0")).toEqual({ exitCode: 0, timedOut: false });
    expect(await beside("exit 7")).toEqual({ exitCode: 7, timedOut: false });
    expect(await beside('printf %s "$GREETING" | cmp - expected')).toEqual({ exitCode: 0, timedOut: false });
    expect(await beside(`test "$PWD" = '${stage.root}' && test "$SERVICE_NAME" = one && echo beside >beside`)).toEqual({
      exitCode: 0,
      timedOut: false,
    });
    expect(readFileSync(join(stage.root, "beside"), "utf8")).toBe("beside\n");
    // A package that was linked after the service was defined is open only to the health command.
    const library = join(stage.place.home, "library");
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, "package.json"), "{}");
    mkdirSync(join(stage.root, "node_modules"));
    symlinkSync(library, join(stage.root, "node_modules/library"));
    expect(await beside("exit 0")).toEqual({ exitCode: 0, timedOut: false });
    rmSync(join(stage.root, "node_modules"), { recursive: true });
    expect((await stage.read("one")).state).toBe("inactive");
  },

  async "processes that a health command leaves behind are ended when the command ends"(stage) {
    const spec = stage.spec("one", sleeper);
    await stage.define(spec);
    expect(await stage.backend.runBeside(spec, "sleep 1000 & echo $! >child", 20_000)).toEqual({ exitCode: 0, timedOut: false });
    const child = Number(stage.wrote("child"));
    expect(child).toBeGreaterThan(1);
    await until(() => !isRunning(child), { what: "its child is gone" });
  },

  async "a health command that runs for too long is ended with all its children"(stage) {
    const spec = stage.spec("one", sleeper);
    await stage.define(spec);
    const began = performance.now();
    const outcome = await stage.backend.runBeside(spec, "sleep 1000 & echo $! >child; sleep 1000", 1000);
    expect(outcome.timedOut).toBe(true);
    expect(outcome.exitCode).not.toBe(0);
    expect(performance.now() - began).toBeLessThan(8000);
    const child = Number(stage.wrote("child"));
    expect(child).toBeGreaterThan(1);
    await until(() => !isRunning(child), { what: "its child is gone" });
  },
};
