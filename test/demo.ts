// `npm run demo`: builds bs9 and shows it at work on a small app, each command in front of its output.
// Where the user manager of this login can be reached it runs there, else as root on Debian in a lab of the tests' own.
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { binary, freePort, lab, type Outcome, run, succeed, tempDir, whyNoLab } from "./harness.ts";

const fixture = join(import.meta.dir, "fixtures/hello");
const isTerminal = process.stdout.isTTY === true;

/** Where the demo runs: a way to run a shell line in the folder of the app. */
type Place = { port: number; sh(line: string): Promise<Outcome>; leave(): Promise<void> };

succeed(await run([process.execPath, "build.ts"], { timeoutMs: 120_000 }), "the build");
const place = await find();
process.exitCode = place === null ? 1 : await show(place);

async function find(): Promise<Place | null> {
  if (await isReachable()) return here();
  const reason = whyNoLab();
  if (reason === null) return inLab();
  console.error(`No user manager of systemd can be reached here, and ${reason} to show bs9 in.`);
  console.error("Run it in a login of a machine with systemd, or as root on Debian: npm run demo");
  return null;
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

function here(): Place {
  const folder = tempDir();
  cpSync(fixture, folder, { recursive: true });
  const env = { PATH: `${dirname(binary())}:${process.env["PATH"]}`, ...coloured() };
  return {
    port: freePort(),
    sh: (line) => run(["sh", "-c", `cd '${folder}' && ${line}`], { env }),
    async leave() {
      rmSync(folder, { recursive: true });
    },
  };
}

async function inLab(): Promise<Place> {
  console.log("No user manager of systemd here: booting one, a throw-away copy of this machine.");
  const own = await lab("demo");
  for (const file of ["app.ts", "package.json"]) await own.writeFile("ops", `hello/${file}`, await Bun.file(join(fixture, file)).text());
  return {
    port: 3000,
    sh: (line) => own.asUser("ops", ["sh", "-c", `cd hello && ${line}`], { env: coloured() }),
    leave: () => own.down(),
  };
}

async function show({ port, sh, leave }: Place): Promise<number> {
  const lines = [
    `bs9 start app.ts --name hello --port ${port}`,
    `curl -sS http://127.0.0.1:${port}/`,
    "bs9 status",
    "bs9 logs hello",
    "bs9 describe hello",
    "bs9 delete hello --yes",
  ];
  let failures = 0;
  try {
    for (const line of lines) {
      console.log(`\n$ ${line}`);
      const { code, stdout, stderr } = await sh(line);
      process.stdout.write(stdout + stderr);
      if (code !== 0) {
        failures += 1;
        console.log(`(exit ${code})`);
      }
    }
  } finally {
    await leave();
  }
  return failures > 0 ? 1 : 0;
}

function coloured(): Record<string, string> {
  return isTerminal ? { FORCE_COLOR: "1" } : {};
}
