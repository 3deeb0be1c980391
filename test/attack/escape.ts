// The escape through a second service: `a` can write the directory that contains the directory of `b`, and replaces it by a
// link.
import { succeed, until } from "../harness.ts";
import type { Service, Stage } from "./stage.ts";

export const secret = "the private key";

export type Pair = {
  a: Service;
  b: Service;
  /** Returns the file that service `b`, as a web server, sends for the path /id now, or the error. */
  served(): Promise<string>;
  /** Kills the main process of `b`, so that it is restarted without bs9. */
  kill(): Promise<void>;
};

/** The code that the test sends to service `b`: it does what a web server does for a request of /id. */
const asked = `return require("fs").readFileSync(process.cwd() + "/id", "utf8")`;

/** `a` has the root ~/mono, `b` has --cwd ~/mono/public and its program elsewhere; ~/.ssh holds the secret. */
export async function pair(stage: Stage, ...options: string[]): Promise<Pair> {
  await stage.write(".ssh/id", secret, "600");
  await stage.write("mono/package.json", "{}");
  await stage.write("mono/public/index.html", "public");
  const a = await stage.service("a", "mono");
  const more = ["--cwd", `${stage.home}/mono/public`, "--readable", `${stage.home}/server`, ...options];
  const b = await stage.service("b", "server", ...more);
  return {
    a,
    b,
    async served() {
      try {
        return (await stage.lab.fetch({ port: b.port, body: asked, timeoutMs: 5000 })).text;
      } catch {
        return "no answer";
      }
    },
    async kill() {
      const pid = await until(() => pidOf(stage, "b"), { what: "b runs" });
      succeed(await stage.lab.asRoot(["kill", "-KILL", String(pid)]), "kill b");
    },
  };
}

async function pidOf(stage: Stage, name: string): Promise<number | null> {
  const [status] = JSON.parse((await stage.bs9("status", name, "--json")).stdout) as { pid: number | null }[];
  return status?.pid ?? null;
}

/** Replaces the directory of `b` by a link to ~/.ssh. */
export const swap = (home: string): string => `
  const fs = require("fs");
  fs.renameSync("${home}/mono/public", "${home}/mono/kept");
  fs.symlinkSync("${home}/.ssh", "${home}/mono/public");
  return "swapped";
`;

/** Restores the directory. */
export const swapBack = (home: string): string => `
  const fs = require("fs");
  fs.rmSync("${home}/mono/public");
  fs.renameSync("${home}/mono/kept", "${home}/mono/public");
  return "back";
`;

/**
 * What `restartOften` observed: how often `b` answered, how often its start was refused, and whether it ever showed the secret.
 */
export type Seen = { answered: number; refused: number; showed: boolean };

/** Restarts `b`, every second time by killing it, and requests the secret after each restart. Runs in one shell of the lab. */
export async function restartOften(stage: Stage, { b }: Pair, rounds: number): Promise<Seen> {
  const byHand = stage.kind === "systemd" ? "systemctl --user reset-failed b; systemctl --user restart b" : "bs9 restart b >/dev/null 2>&1";
  const pid =
    stage.kind === "systemd"
      ? "systemctl --user show --property=MainPID --value b"
      : "bs9 status b --json | tr -d ' \\n' | sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'";
  const script = `
    for round in $(seq ${rounds}); do
      if [ $((round % 2)) = 0 ]; then ${byHand}; else pid=$(${pid}); [ "$pid" -gt 1 ] && kill -KILL "$pid"; fi
      for try in $(seq 40); do
        curl -sS --max-time 2 --data-binary '${asked}' http://127.0.0.1:${b.port} 2>/dev/null && break
        sleep 0.02
      done
      echo
    done`;
  const before = await refusals(stage);
  const { stdout } = await stage.lab.asUser(stage.user, ["sh", "-c", script], {
    timeoutMs: 60_000 + rounds * 5000,
    env: stage.kind === "supervisor" ? { BS9_BACKEND: "supervisor" } : {},
  });
  const answered = stdout.split("\n").filter((line) => line.startsWith("{")).length;
  return { answered, refused: (await refusals(stage)) - before, showed: stdout.includes(secret) };
}

async function refusals(stage: Stage): Promise<number> {
  return (await stage.bs9("logs", "b", "-n", "100000")).stdout.split("\n").filter((line) => line.includes("by a symbolic link")).length;
}

/**
 * Exchanges the directory of `b` and a link to ~/.ssh without a pause, in a separate process, until the file ~/mono/STOP
 * exists; then restores the directory.
 */
export const swapInALoop = (home: string): string => `
  require("fs").writeFileSync("${home}/mono/swap.js", \`
    const fs = require("fs");
    const [folder, kept, link] = ["${home}/mono/public", "${home}/mono/kept", "${home}/mono/link"];
    fs.symlinkSync("${home}/.ssh", link);
    while (!fs.existsSync("${home}/mono/STOP")) {
      fs.renameSync(folder, kept);
      fs.renameSync(link, folder);
      fs.renameSync(folder, link);
      fs.renameSync(kept, folder);
    }
    fs.rmSync(link);
    fs.rmSync("${home}/mono/STOP");
  \`);
  require("child_process").spawn(process.execPath, ["${home}/mono/swap.js"], { stdio: "ignore", env: { ...process.env, BUN_BE_BUN: "1" } }).unref();
  return "swapping";
`;
