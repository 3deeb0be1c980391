// The completion of the command line: its answers to the scripts, and each script in its shell.
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outlineOf } from "../../src/commands/completion-outline.ts";
import { completionScripts } from "../../src/commands/completion-scripts.ts";
import { choiceLines, choicesFor } from "../../src/commands/completion-words.ts";
import { allCommands } from "../../src/commands/table.ts";
import { run, succeed, tempDir } from "../harness.ts";

const commands = await allCommands();
const outline = outlineOf(commands);
const source = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
const home = tempDir();
const apps = join(home, "apps");
const unset = ["BS9_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"];
const programs = tempDir();
const env = {
  ...Object.fromEntries(unset.map((variable) => [variable, undefined])),
  HOME: home,
  ZDOTDIR: home,
  PATH: `${programs}:${process.env["PATH"]}`,
};

beforeAll(() => {
  const services = [".config/bs9/services", "x/bs9/services", "b/config/services"];
  for (const folder of [...services, "apps"]) mkdirSync(join(home, folder), { recursive: true });
  for (const name of ["web", "api"]) writeFileSync(join(home, ".config/bs9/services", `${name}.json`), "{}");
  writeFileSync(join(home, "x/bs9/services/from-xdg.json"), "{}");
  writeFileSync(join(home, "b/config/services/from-home.json"), "{}");
  writeFileSync(join(home, "apps/app.ts"), "");
  placeBs9(programs);
});

function placeBs9(folder: string): void {
  writeFileSync(join(folder, "bs9"), `#!/bin/sh\nexec ${source.join(" ")} "$@"\n`, { mode: 0o755 });
}

/** The typed words, and the completions that the shell offers; `files` stands for the names of files. */
const answers: [string, string[]][] = [
  ["bs9 sta", ["start", "status"]],
  ["bs9 l", ["list", "logs", "ls"]],
  ["bs9 --json sto", ["stop"]],
  ["bs9 stop ", ["all", "api", "web"]],
  ["bs9 stop web ", ["all", "api"]],
  ["bs9 stop all ", []],
  ["bs9 stop al", ["all"]],
  ["bs9 stop web", ["web"]],
  ["bs9 ls w", ["web"]],
  ["bs9 describe ", ["api", "web"]],
  ["bs9 describe web ", []],
  ["bs9 start ap", ["api", "files"]],
  ["bs9 start app.ts -- ap", ["files"]],
  ["bs9 start --env-file ap", ["files"]],
  ["bs9 start app.ts --env-f", ["--env-file"]],
  ["bs9 start --sandbox s", ["standard", "strict"]],
  ["bs9 start --sandbox=s", ["standard", "strict"]],
  ["bs9 start --sandbox = s", ["standard", "strict"]],
  ["bs9 start --env-file=ap", ["files"]],
  ["bs9 start --memory ", []],
  ["bs9 restart web --runtime ", ["latest"]],
  ["bs9 logs web -n 5 --level e", ["error"]],
  ["bs9 list --wat", ["--watch"]],
  ["bs9 stop --wat", []],
  ["bs9 --no-c", ["--no-color"]],
  ["bs9 completion ", ["bash", "fish", "zsh"]],
  ["bs9 help desc", ["describe"]],
  ["bs9 nonsense ", []],
];

/** Rows for what differs between shells: how a word is replaced, file names, a value after =. */
const rows: [string, string[]][] = [
  ["bs9 l", ["list", "logs", "ls"]],
  ["bs9 stop web ", ["all", "api"]],
  ["bs9 stop all ", []],
  ["bs9 start ap", ["api", "app.ts"]],
  ["bs9 start app.ts -- ap", ["app.ts"]],
  ["bs9 start --env-file=ap", ["app.ts"]],
  ["bs9 start app.ts --env-f", ["--env-file"]],
  ["bs9 start --sandbox s", ["standard", "strict"]],
  ["bs9 start --sandbox=s", ["standard", "strict"]],
  ["bs9 start --memory ", []],
];

describe("completion --words", () => {
  const answer = (line: string) => choicesFor(line.split(" ").slice(1), outline, () => ["api", "web"]);

  test.each(answers)("completion --words lists the possible next words after: %s", (line, expected) => {
    const typed = line.slice(Math.max(line.lastIndexOf(" "), line.lastIndexOf("=")) + 1);
    const { choices, files } = answer(line);
    const offered = choices.map(({ word }) => word).filter((word) => word.startsWith(typed));
    expect([...offered, ...(files ? ["files"] : [])].sort()).toEqual(expected);
  });
  test("completion --words prints lines of a word, a tab and a description", () => {
    expect(choiceLines(answer("bs9 "))).toContain("logs\tlog lines of services, merged in order of time");
    expect(choiceLines(answer("bs9 start --memory "))).toEqual([expect.stringMatching(/^:message\t\S/)]);
    expect(choiceLines(answer("bs9 start x -- "))).toEqual([":files\t"]);
  });
});

type Ask = (line: string, more?: Record<string, string>) => Promise<string[]>;

function place(shell: string): string {
  const file = join(tempDir(), "completion");
  writeFileSync(file, completionScripts[shell] ?? "");
  return file;
}

const answered = (text: string): string[] => [...new Set(text.split("\n").filter((line) => line !== ""))].sort();

const bash: Ask = async (line, more = {}) => {
  // bash also splits words at =.
  const words = line.split(/ |(=)/).filter((word) => word !== undefined);
  const ask = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bs9; printf "%s\\n" "${COMPREPLY[@]}"';
  const argv = ["bash", "--norc", "-c", `cd ${apps}; ${ask}`, "bash", place("bash"), ...words];
  const { stdout, stderr } = succeed(await run(argv, { env: { ...env, ...more } }), line);
  expect(stderr).toBe("");
  return answered(stdout);
};

const fish: Ask = async (line, more = {}) => {
  const argv = ["fish", "--no-config", "-c", `cd ${apps}; source $argv[1]; complete -C $argv[2]`, place("fish"), line];
  const { stdout, stderr } = succeed(await run(argv, { env: { ...env, ...more } }), line);
  expect(stderr).toBe("");
  return answered(stdout.replace(/\t.*$/gm, "").replace(/^--[\w-]+=/gm, ""));
};

/** Completes all lines in one interactive zsh, whose replaced compadd also records what it offers. */
async function zsh(lines: string[], more: Record<string, string> = {}): Promise<string[][]> {
  const [folder, script] = [tempDir(), place("zsh")];
  const found = join(folder, "found");
  writeFileSync(
    join(folder, ".zshrc"),
    `unsetopt beep; PS1=''; LISTMAX=1000; cd ${apps}
autoload -Uz compinit; compinit -D -u; source ${script}
compadd() {
  if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    local -a offered
    builtin compadd -A offered "$@"
    print -rl -- $offered >>${found}
  fi
  builtin compadd "$@"
}
bindkey '^T' kill-buffer
bindkey '^I' list-choices
`,
  );
  const typed = lines.map((line) => `${line}\t\u0014print -r -- ':next' >>${found}\r`).join("");
  await run(["script", "--quiet", "--command", "zsh -i", "/dev/null"], {
    env: { ...env, ZDOTDIR: folder, TERM: "xterm", ...more },
    input: `${typed}exit\r`,
  });
  return readFileSync(found, "utf8").split(":next\n").slice(0, -1).map(answered);
}

describe("bash", () => {
  test.each(rows)("completes: %s", async (line, expected) => expect(await bash(line)).toEqual(expected));
  test("the completion offers the services of BS9_HOME and of XDG_CONFIG_HOME", async () => {
    expect(await bash("bs9 describe ", { BS9_HOME: join(home, "b") })).toEqual(["from-home"]);
    expect(await bash("bs9 describe ", { XDG_CONFIG_HOME: join(home, "x") })).toEqual(["from-xdg"]);
  });
  test("the completion never executes the name of a file as a command", async () => {
    mkdirSync(join(home, "evil/config/services"), { recursive: true });
    for (const name of ["$(touch ran).json", "`touch ran`.json", "a b.json", "fine.json"])
      writeFileSync(join(home, "evil/config/services", name), "");
    expect(await bash("bs9 describe ", { BS9_HOME: join(home, "evil") })).toEqual(["fine"]);
    expect(await Bun.file(join(apps, "ran")).exists()).toBe(false);
  });
  test.skipIf(Bun.which("shellcheck") === null)("shellcheck finds no mistake in the script", async () => {
    expect(await run(["shellcheck", "--shell=bash", place("bash")])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

for (const shell of ["zsh", "fish"]) {
  if (Bun.which(shell) === null)
    console.log(`skipped: the completion in ${shell}, because ${shell} is not installed; apt-get install ${shell}`);
}

describe.skipIf(Bun.which("fish") === null)("fish", () => {
  test.each(rows)("completes: %s", async (line, expected) => expect(await fish(line)).toEqual(expected));
  test("the completion offers the services of BS9_HOME and of XDG_CONFIG_HOME", async () => {
    expect(await fish("bs9 describe ", { BS9_HOME: join(home, "b") })).toEqual(["from-home"]);
    expect(await fish("bs9 describe ", { XDG_CONFIG_HOME: join(home, "x") })).toEqual(["from-xdg"]);
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh", () => {
  test("the completion offers the right words for each line of the table", async () => {
    const answers = await zsh(rows.map(([line]) => line));
    expect(rows.map(([line], i) => [line, answers[i]])).toEqual(rows);
  });
  test("the completion offers the services of BS9_HOME and of XDG_CONFIG_HOME", async () => {
    expect(await zsh(["bs9 describe "], { BS9_HOME: join(home, "b") })).toEqual([["from-home"]]);
    expect(await zsh(["bs9 describe "], { XDG_CONFIG_HOME: join(home, "x") })).toEqual([["from-xdg"]]);
  });
});

describe("bs9 completion", () => {
  const bs9 = (...argv: string[]) => run([...source, "completion", ...argv], { env });

  test.each([
    ["bash", "complete -p bs9", /^complete -F _bs9 bs9$/m],
    ["zsh", "print $_comps[bs9]", /^_bs9$/m],
    ["fish", "complete -C 'bs9 sto'", /^stop\t/m],
  ])("the command line that help completion shows for %s works on a new account", async (shell, ask, known) => {
    if (Bun.which(shell) === null) return;
    const account = tempDir();
    placeBs9(account);
    const fresh = { env: { ...env, HOME: account, ZDOTDIR: undefined, PATH: `${account}:${process.env["PATH"]}` } };
    const line = commands.find(({ name }) => name === "completion")?.examples.find((example) => example.includes(`${shell} >`)) ?? "";
    succeed(await run([shell, "-c", line], fresh), line);
    // bash reads the script before ~/.local/bin is on its PATH; fish completes only commands that exist.
    const path = shell === "fish" ? fresh.env.PATH : process.env["PATH"];
    expect((await run([shell, "-i", "-c", ask], { env: { ...fresh.env, PATH: path } })).stdout).toMatch(known);
  });

  test.each(["bash", "zsh", "fish"])("bs9 completion prints the script for %s", async (shell) => {
    const { code, stdout } = await bs9(shell);
    expect(code).toBe(0);
    expect(stdout).toContain(`${shell} completion for bs9`);
  });
  test("completion --words without a command line after -- is a usage error", async () => {
    const { code, stderr } = await bs9("--words", "stop");
    expect([code, stderr]).toEqual([2, expect.stringContaining("completion --words needs the words of a command line after --")]);
  });
  test.each([[[]], [["tcsh"]], [["constructor"]], [["bash", "zsh"]]])(
    "completion refuses the arguments %j with a usage error",
    async (words) => {
      const { code, stdout, stderr } = await bs9(...words);
      expect(stderr).toContain("completion needs one shell: bash, zsh or fish");
      expect([code, stdout]).toEqual([2, ""]);
    },
  );
});
