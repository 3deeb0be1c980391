// Runs a plan once to its end, for commands and attempts that run beside a service under the same conditions.
import { launchVariable, planText } from "./launch.ts";
import type { Plan } from "./plan.ts";

/** The process and its process group are killed after the timeout; processes that it leaves behind are killed at its end. */
export async function runPlanOnce(plan: Plan, timeoutMs: number, program: string): Promise<{ exitCode: number; timedOut: boolean }> {
  const child = Bun.spawn([program], {
    env: { [launchVariable]: "1" },
    stdio: [Buffer.from(planText({ ...plan, cgroup: null })), "ignore", "ignore"],
    cwd: "/",
    detached: true,
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, timeoutMs);
  const exitCode = await child.exited;
  clearTimeout(timer);
  endGroup(child.pid);
  return { exitCode, timedOut };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // The process group is already empty.
  }
}
