// Proofs that measure bs9 beside PM2: one lab, one run, the same apps, in turn.
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lab, run, succeed, tempDir, whyNoLab } from "../../harness.ts";
import type { Proof, Report } from "../proof.ts";
import { type Comparison, figureOf, spreadOf } from "./rounds.ts";

const pm2 = "pm2@7.0.4";
const limitMs = 20 * 60_000;

/** A proof whose measurements are taken by inside.ts in a lab with PM2 on the PATH of its user. */
export function besidePm2(word: string, what: string, figures: string[]): Proof {
  return { word, what, figures, impossible: whyNoLab, run: (report) => compare(word, report) };
}

async function compare(word: string, report: Report): Promise<void> {
  const folder = tempDir();
  try {
    report.say(`installing ${pm2}`);
    await furnish(folder);
    await using it = await lab("pm2", { keepNode: true, folder });
    succeed(await it.asUser("ops", ["sh", "-c", "cp -r /src/. ."], { timeoutMs: 120_000 }), "cp");
    const { stdout } = succeed(await it.asUser("ops", ["bun", "test/prove/pm2/inside.ts", word], { timeoutMs: limitMs }), word);
    const { comparisons, commands } = JSON.parse(stdout) as { comparisons: Comparison[]; commands: string[] };
    for (const command of commands) report.command(command);
    for (const comparison of comparisons) {
      report.say(spreadOf(comparison));
      report.figure(figureOf(comparison));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Creates a home directory with PM2 and Bun on its PATH, so that both are called directly from the lab. */
async function furnish(folder: string): Promise<void> {
  cpSync(join(import.meta.dir, ".."), join(folder, "test/prove"), { recursive: true });
  cpSync(process.execPath, join(folder, ".local/bin/bun"));
  chmodSync(folder, 0o755);
  await Bun.write(join(folder, "pm2/package.json"), "{}");
  const install = `cd "$1/pm2" && "$2" add --silent --ignore-scripts ${pm2} && ln -s ../../pm2/node_modules/.bin/pm2 ../.local/bin/pm2`;
  succeed(await run(["sh", "-c", install, "sh", folder, process.execPath], { timeoutMs: 300_000 }), `install ${pm2}`);
}
