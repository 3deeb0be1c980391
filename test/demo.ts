// `npm run demo`: builds bs9 and runs its demo, printing each command before its output; nothing of it remains.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { binary, run, succeed, tempDir } from "./harness.ts";

const isTerminal = process.stdout.isTTY === true;
succeed(await run([process.execPath, "build.ts"], { timeoutMs: 120_000 }), "the build");
const home = tempDir();
try {
  process.exitCode = await show(await surroundings());
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Uses the user manager of this login if it runs, else bs9's own supervisor. */
async function surroundings(): Promise<Record<string, string>> {
  const colour: Record<string, string> = isTerminal ? { FORCE_COLOR: "1" } : {};
  const env = { PATH: `${dirname(binary())}:${process.env["PATH"]}`, BS9_HOME: home, ...colour };
  if (await isReachable()) return env;
  console.log("No user manager of systemd can be reached here: bs9 supervises by itself.");
  return { ...env, BS9_BACKEND: "supervisor" };
}

async function isReachable(): Promise<boolean> {
  const env = { XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}` };
  try {
    const { stdout } = await run(["systemctl", "--user", "is-system-running"], { timeoutMs: 10_000, env });
    return /^(running|degraded)$/.test(stdout.trim());
  } catch {
    return false; // no systemctl here
  }
}

async function show(env: Record<string, string>): Promise<number> {
  let failures = 0;
  try {
    const { stdout, failed } = await told("bs9 demo", env);
    const page = /http:\S+/.exec(stdout)?.[0] ?? "";
    failures += failed;
    for (const line of [`curl -sS ${page}`, "bs9 status", "bs9 logs 'demo-*'", "bs9 describe demo-web"])
      failures += (await told(line, env)).failed;
  } finally {
    failures += (await told("bs9 demo --stop", env)).failed;
  }
  return failures > 0 ? 1 : 0;
}

async function told(line: string, env: Record<string, string>): Promise<{ stdout: string; failed: number }> {
  console.log(`\n$ ${line}`);
  const { code, stdout, stderr } = await run(["sh", "-c", line], { env });
  process.stdout.write(stdout + stderr);
  if (code !== 0) console.log(`(exit ${code})`);
  return { stdout, failed: code === 0 ? 0 : 1 };
}
