// Runs a unit once to its end: what is to be tried as a service, beside it.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../base/files.ts";
import type { UserManager } from "./reach.ts";
import type { Systemctl } from "./systemctl.ts";

const graceMs = 5000;

/** Never loaded before, the unit is read from its file without a daemon-reload; never loaded again, it is forgotten. */
export async function runOnce(
  name: string,
  text: string,
  timeoutMs: number,
  { systemctl, reach }: { systemctl: Systemctl; reach: UserManager },
): Promise<{ exitCode: number; timedOut: boolean }> {
  const unit = `bs9-check-${name}-${process.pid}-${Math.random().toString(36).slice(2, 8)}.service`;
  const file = join(reach.runtimeDir, "systemd/user", unit);
  try {
    writeWhole(file, text, 0o600, false);
    if ((await systemctl.jobs("start", [unit], timeoutMs + graceMs)) === "") return { exitCode: 0, timedOut: false };
    const shown = (await systemctl.show([unit], ["Result", "ExecMainStatus"])).get(unit);
    await systemctl.resetFailed([unit]);
    return { exitCode: Number(shown?.get("ExecMainStatus")) || 1, timedOut: shown?.get("Result") === "timeout" };
  } finally {
    rmSync(file, { force: true });
  }
}

/** What a bs9 that was killed, or interrupted, has left of its checks. */
export async function sweepChecks(systemctl: Systemctl, { runtimeDir }: UserManager): Promise<void> {
  const folder = join(runtimeDir, "systemd/user");
  const left = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => {
    const pid = /^bs9-check-.*-(\d+)-[0-9a-z]+\.service$/.exec(file)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  });
  if (left.length === 0) return;
  await systemctl.jobs("stop", left);
  for (const file of left) rmSync(join(folder, file), { force: true });
  await systemctl.resetFailed(left);
}
