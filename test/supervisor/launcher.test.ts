// Which process is still a launcher, also in the middle of an execve(2).
import { expect, test } from "bun:test";
import { isLauncher } from "../../src/supervisor/reading.ts";
import { until } from "../harness.ts";

test("a process with a program and an empty environment is not the service yet; a zombie and a service are no launchers", async () => {
  const started = [
    Bun.spawn(["sleep", "1000"], { env: {} }),
    Bun.spawn(["sleep", "1000"], { env: { BS9_LAUNCH: "1" } }),
    Bun.spawn(["sleep", "1000"], { env: { SERVICE_NAME: "web" } }),
    // The shell becomes a program that never waits for its child.
    Bun.spawn(["sh", "-c", "sleep 0 & echo $!; exec sleep 1000"], { stdout: "pipe" }),
  ] as const;
  try {
    expect(started.slice(0, 3).map(({ pid }) => isLauncher(pid))).toEqual([true, true, false]);
    const { value } = await started[3].stdout.getReader().read();
    const zombie = Number(new TextDecoder().decode(value));
    await until(() => !isLauncher(zombie), { what: "the zombie is seen" });
  } finally {
    for (const child of started) child.kill("SIGKILL");
    await Promise.all(started.map((child) => child.exited));
  }
});
