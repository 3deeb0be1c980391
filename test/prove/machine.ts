// Runs a script in an emulated machine, and returns its results from lines of the form "NAME VALUE".
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { binary, run, succeed } from "../harness.ts";

const script = join(import.meta.dir, "machine.sh");
const timeoutMs = 75 * 60_000;

export type Suite = "trixie" | "bookworm";

/** Why no machine can be started here, or null. */
export function whyNoMachine(): string | null {
  const asked = Bun.spawnSync(["bash", script, "can"], { timeout: 10_000 });
  return asked.success ? null : asked.stdout.toString().trim() || "bash is not here";
}

/**
 * In the script bs9 is on the PATH of ops, `files` are in the home directory of ops, `start …` is `bs9 start`, and `tell NAME
 * CMD…` reports the output of a command.
 */
export async function inMachine(suite: Suite, played: string, files: Record<string, string>): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "bs9-machine-"));
  try {
    const payload = join(folder, "payload");
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(payload, "home", path)), { recursive: true });
      writeFileSync(join(payload, "home", path), text);
    }
    copyFileSync(binary(), join(payload, "bs9"));
    writeFileSync(join(folder, "script"), `${prelude}\n${played}`);
    const { stdout } = succeed(await run(["bash", script, "run", suite, join(folder, "script"), payload], { timeoutMs }), `${suite}`);
    const told = stdout.split("\n").map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
    return new Map(told);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const prelude = `
tell() { local name=$1; shift; printf '%s %s\\n' "$name" "$("$@" 2>&1 | tr '\\n' ' ')"; }
cp -r /opt/payload/home/. /home/ops/
install -D -m 755 /opt/payload/bs9 /home/ops/.local/bin/bs9
chown -R ops: /home/ops
# Emulated, the first reading of bs9 takes longer than bs9 waits for its probe of the host.
cat /home/ops/.local/bin/bs9 >/dev/null; as_ops bs9 version >/dev/null
start() { for _ in $(seq 5); do as_ops bs9 start "$@" --wait 120 --force >/dev/null 2>/root/trouble && return; done; cat /root/trouble; }
`;
