// Runs a unit once to its end: what is to be tried as a service, beside it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../base/files.ts";
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
    writeWhole(file, text, 0o600);
    if ((await systemctl.jobs("start", [unit], timeoutMs + graceMs)) === "") return { exitCode: 0, timedOut: false };
    const shown = (await systemctl.show([unit], ["Result", "ExecMainStatus"])).get(unit);
    await systemctl.resetFailed([unit]);
    return { exitCode: Number(shown?.get("ExecMainStatus")) || 1, timedOut: shown?.get("Result") === "timeout" };
  } finally {
    rmSync(file, { force: true });
  }
}
