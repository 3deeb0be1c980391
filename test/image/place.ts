// Builds and runs images: podman in separate namespaces, see place.sh.
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, type RunOptions, run, succeed, tempDir, until } from "../harness.ts";

const script = join(import.meta.dir, "place.sh");
const furnishMs = 300_000;

export type Place = {
  /** Runs a program inside; throws only when it runs out of time. */
  inside(argv: string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a program inside that must end with 0; returns its output. */
  must(argv: string[], options?: RunOptions): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** The place ends with `[Symbol.asyncDispose]`, and in any case with this process. */
export async function place(): Promise<Place> {
  const dir = tempDir();
  const keeper = Bun.spawn(["bash", script, "keep", dir], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const complaint = new Response(keeper.stderr).text();
  let ended = false;
  const end = keeper.exited.then(() => {
    ended = true;
  });
  await until(() => ended || existsSync(join(dir, "ready")), { timeoutMs: furnishMs, what: "a place for images" });
  if (ended) throw new Error(`there is no place for images: ${await complaint}`);
  const inside: Place["inside"] = (argv, options) => run(["bash", script, "in", dir, ...argv], options);
  return {
    inside,
    must: async (argv, options) => succeed(await inside(argv, options), argv.slice(0, 3).join(" ")).stdout.trim(),
    async [Symbol.asyncDispose]() {
      await inside(["podman", "rm", "--all", "--force", "--time", "0"]);
      keeper.kill("SIGKILL");
      await end;
      sweepGroups();
    },
  };
}

/** Why no place can be set up on this machine, or null. */
export function whyNoPlace(): string | null {
  const asked = Bun.spawnSync(["bash", script, "can"], { timeout: furnishMs, stderr: "ignore" });
  return asked.success ? null : asked.stdout.toString().trim() || "bash is not here";
}

/** Removes the control groups that podman leaves behind; those in use stay. */
function sweepGroups(): void {
  const top = "/sys/fs/cgroup";
  for (const hierarchy of ["", ...readdirSync(top)]) removeGroup(join(top, hierarchy, "libpod_parent"));
}

function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const one of readdirSync(path, { withFileTypes: true })) if (one.isDirectory()) removeGroup(join(path, one.name));
  try {
    rmdirSync(path);
  } catch {
    // in use by another podman
  }
}
