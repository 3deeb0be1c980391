// Runs a plan once to its end: what is to be tried as a service, beside it.
import { launchVariable, planText } from "./launch.ts";
import type { Plan } from "./plan.ts";

/** The process and all of its group are killed when the time is over; what it leaves behind ends with it. */
export async function runOnce(plan: Plan, timeoutMs: number, program: string): Promise<{ exitCode: number; timedOut: boolean }> {
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
    // Nobody is left in it.
  }
}
