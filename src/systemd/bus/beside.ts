// Runs a unit once to its end, for commands and attempts that run beside a service under the same conditions.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../base/files.ts";
import type { UserManager } from "./reach.ts";
import type { Systemctl } from "./systemctl.ts";

const graceMs = 5000;

/** The unit name is random: systemd reads a unit it never loaded without a daemon-reload, and unloads it after its end. */
export async function runUnitOnce(
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

/** Removes the check units that a killed or interrupted bs9 has left. */
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
