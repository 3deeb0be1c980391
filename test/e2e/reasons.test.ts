// Prepared failures on both backends: `status` says why each service is not well, and which option helps if the sandbox is the
// cause.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Status } from "../../src/status/schema.ts";
import { backends, type Kind, type Stage, type Stages, stages } from "../attack/stage.ts";
import { succeed, until } from "../harness.ts";

type Ending = {
  /** The name of the service, and of its directory below ~/endings. */
  name: string;
  /** The lines of run.sh after `#!/bin/sh`, or a whole script with its own #! line. */
  script: string;
  /** Options of `bs9 start`; without them the service runs once. */
  options?: string[];
  reason: RegExp | { [K in Kind]: RegExp };
  /** True if the service comes up when it is started with the option that the reason names. */
  opened?: true;
};

const lasting = "exec sleep 100000";
const option = (what: string, name: string, words: string): string => `; ${what}; try: bs9 start ${name} ${words}$`;
const hides = (path: string, name: string, words: string): string => option(`the sandbox hides ${path}`, name, words);
const once = ["--restart", "no"];
const again = ["--restart-delay", "20s"];

const endings: Ending[] = [
  {
    name: "hidden",
    script: `cat ~/.config/x || exit 1\n${lasting}`,
    reason: {
      systemd: new RegExp(
        `^exited with 1: cat: /home/ops/.config/x: No such file or directory${hides("~/.config/x", "hidden", "--readable ~/.config/x")}`,
      ),
      supervisor: new RegExp(
        `^exited with 1: cat: /home/dev/.config/x: Permission denied${hides("~/.config/x", "hidden", "--readable ~/.config/x")}`,
      ),
    },
    opened: true,
  },
  {
    name: "backups",
    script: `echo dump >~/backups/db.dump || exit 2\n${lasting}`,
    reason: new RegExp(
      `^exited with 2: .*cannot create /home/\\w+/backups/db.dump: .*${hides("~/backups", "backups", "--writable ~/backups")}`,
    ),
    opened: true,
  },
  {
    name: "srv",
    script: `touch /srv/data/$USER || exit 1\n${lasting}`,
    reason: new RegExp(
      `^exited with 1: touch: .*/srv/data.*(Read-only file system|Permission denied)${option("the sandbox lets the service read /srv/data and not write to it", "srv", "--writable /srv/data")}`,
    ),
    opened: true,
  },
  {
    name: "tool",
    script: `mytool || exit 3\n${lasting}`,
    options: [...once],
    reason: new RegExp(`^exited with 3: .*mytool: .*${hides("~/tools/v1", "tool", "--readable ~/tools/v1")}`),
    opened: true,
  },
  {
    name: "releases",
    script: `cat config/db.yml || exit 1\n${lasting}`,
    reason: new RegExp(
      `^exited with 1: cat: config/db.yml: .*${hides("~/endings/shared/db.yml", "releases", "--readable ~/endings/shared/db.yml")}`,
    ),
    opened: true,
  },
  {
    name: "foreign-tmp",
    script: `cat /tmp/shared-$USER || exit 1\n${lasting}`,
    reason: {
      systemd:
        /^exited with 1: cat: \/tmp\/shared-\S+: No such file or directory; the sandbox gives the service a \/tmp of its own, without/,
      supervisor: /^$/,
    },
  },
  {
    name: "userns",
    script: "unshare -U true || exit 1",
    reason: { systemd: /denies user namespaces; try: bs9 start userns --sandbox off$/, supervisor: /^exited with 0$/ },
  },
  { name: "nowhere", script: "cat ~/.config/none/file", reason: /^exited with 1: cat: .*No such file or directory$/ },
  { name: "forbidden", script: "cat /etc/shadow", reason: /^exited with 1: cat: \/etc\/shadow: Permission denied$/ },
  { name: "silent", script: "exit 3", reason: /^exited with 3; the cause is not known, its log names no error$/ },
  {
    name: "vague",
    script: "echo one thing led to another\nexit 1",
    reason: /^exited with 1; the cause is not known, its log names no error$/,
  },
  {
    name: "clean",
    script: "echo bye",
    reason: { systemd: /^(exited with 0|ended without an error, or was not started since the boot)$/, supervisor: /^exited with 0$/ },
  },
  { name: "killed", script: "kill -KILL $$", reason: /^killed by SIGKILL$/ },
  {
    name: "node-like",
    script: "echo 'TypeError: x is not a function' >&2; echo '    at main (/srv/app.js:3:1)' >&2; exit 1",
    reason: /^exited with 1: TypeError: x is not a function$/,
  },
  {
    name: "python-like",
    script: "printf 'Traceback (most recent call last):\\n  File \"a.py\", line 1\\nModuleNotFoundError: No module named x\\n' >&2; exit 1",
    reason: /^exited with 1: ModuleNotFoundError: No module named x$/,
  },
  {
    name: "go-like",
    script: "echo 'panic: no database' >&2; echo 'goroutine 1 [running]:' >&2; exit 2",
    reason: /^exited with 2: panic: no database$/,
  },
  { name: "two-tries", script: "echo 'Error: try 1'; echo 'Error: gave up'; exit 1", reason: /^exited with 1: Error: gave up$/ },
  {
    name: "nasty",
    script: "printf 'Error: a\\033[31mred\\033[0m \"$(x)\" %%s \\303\\251\\n'; exit 1",
    reason: /^exited with 1: Error: ared "\$\(x\)" %s é$/,
  },
  {
    name: "loop",
    script: "echo 'Error: listen EADDRINUSE: address already in use :::3000' >&2; exit 1",
    options: again,
    reason: /^crashed 3 times, next start (in \d+ s|at once): Error: listen EADDRINUSE/,
  },
  {
    name: "given-up",
    script: "echo 'Error: no database' >&2; exit 1",
    options: ["--restart-delay", "0s", "--max-restarts", "2"],
    reason: /^crashed 3 times, given up: .*: Error: no database$/,
  },
  { name: "deaf", script: lasting, options: ["--port", "4999"], reason: /^does not listen on port 4999$/ },
  { name: "stopped", script: lasting, reason: { systemd: /^stopped by ops \d+s ago$/, supervisor: /^stopped by dev \d+s ago$/ } },
];

let all: Stages;
beforeAll(async () => {
  all = await stages("reasons");
  succeed(await all.lab.asRoot(["sh", "-c", "mkdir -m 1777 -p /srv/data"]), "make /srv/data");
}, 300_000);
afterAll(() => all.lab.down());

async function statuses(stage: Stage): Promise<Map<string, Status>> {
  const { stdout } = await stage.bs9("status", "--json");
  return new Map((JSON.parse(stdout) as Status[]).map((status) => [status.name, status]));
}

describe.each(backends)("%s", (kind) => {
  let stage: Stage;
  let seen: Map<string, Status>;

  beforeAll(async () => {
    stage = all.on(kind);
    for (const { name, script } of endings) {
      const folder = `endings/${name}`;
      await stage.write(`${folder}/run.sh`, `#!/bin/sh\n${script}\n`, "755");
      await stage.write(`${folder}/package.json`, "{}");
    }
    await stage.write(".config/x", "x");
    await stage.write("tools/v1/bin/mytool", "#!/bin/sh\nexit 0\n", "755");
    await stage.write("endings/shared/db.yml", "x");
    await stage.sh(`mkdir -p ~/backups ~/tools/v1/lib ~/endings/releases/config
      ln -s ../../shared/db.yml ~/endings/releases/config/db.yml
      echo x >/tmp/shared-$USER
      export PATH=$PATH:$HOME/tools/v1/bin
      ${endings.map(({ name, options = once }) => `bs9 start ~/endings/${name}/run.sh --name ${name} --wait 0 ${options.join(" ")} >/dev/null`).join("\n")}
      bs9 stop stopped >/dev/null`);
    const isSettled = (status: Status | undefined) =>
      status !== undefined && status.reason !== "is starting" && status.state !== "deactivating";
    seen = await until(
      async () => {
        const now = await statuses(stage);
        const isLooping = /^crashed 3 times/.test(now.get("loop")?.reason ?? "");
        const hasGivenUp = now.get("given-up")?.state === "failed";
        return isLooping && hasGivenUp && endings.every(({ name }) => isSettled(now.get(name))) ? now : null;
      },
      { what: "all have ended", timeoutMs: 30_000 },
    );
  }, 300_000);

  test.each(endings)("status gives the reason of the service $name", ({ name, reason }) => {
    expect(seen.get(name)?.reason ?? "").toMatch(reason instanceof RegExp ? reason : reason[kind]);
  });

  test("each service that is not well has a line below the table", async () => {
    const { stderr } = await stage.bs9("status", "loop", "stopped", "hidden");
    expect(stderr).toMatch(/^loop: crashed 3 times.*EADDRINUSE.*\. Try: bs9 logs loop$/m);
    expect(stderr).toMatch(/^hidden: exited with 1: .*; try: bs9 start hidden --readable ~\/\.config\/x$/m);
  });

  test.each(endings.filter(({ opened }) => opened).map(({ name }) => name))(
    "%s comes up with the option that its reason names",
    async (name) => {
      const words = /; try: bs9 start (\S+ .*)$/.exec(seen.get(name)?.reason ?? "")?.[1] ?? "";
      expect(await stage.sh(`PATH=$PATH:$HOME/tools/v1/bin bs9 start ${words}`)).toStartWith(`${name} changed`);
    },
  );

  test("a failed start shows the line with the error and not only the long stack trace below it, and names the option that helps", async () => {
    await stage.write(
      "endings/stack/app.ts",
      `const deep = (n: number): void => { if (n === 0) throw new Error("boom at the bottom"); deep(n - 1); };\nError.stackTraceLimit = 60;\ndeep(50);\n`,
    );
    await stage.write("endings/stack/package.json", "{}");
    const failed = await stage.bs9("start", `${stage.home}/endings/stack/app.ts`, "--name", "stack");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("boom at the bottom");
    const hidden = await stage.bs9("start", `${stage.home}/endings/hidden/run.sh`, "--name", "hidden-2");
    expect(hidden.stderr).toMatch(/ {2}the sandbox hides ~\/\.config\/x\nerror: .*\nTry: bs9 start hidden-2 --readable ~\/\.config\/x\n$/);
  });
});
