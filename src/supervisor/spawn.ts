// Starts the launcher of a service in its own session, with two log files and, where possible, a cgroup. The launcher waits for
// its plan and ends without it, so that a supervisor that dies before it has recorded the process leaves no process behind.
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { hasCache, makeCache } from "../backend/cache.ts";
import type { Exit } from "../backend/ended.ts";
import { Neighbours } from "../backend/neighbours.ts";
import type { Paths } from "../base/paths.ts";
import { startTimeOf } from "../base/proc.ts";
import { openStream, openStreams } from "../logs/store/open.ts";
import { logFolder } from "../logs/store/place.ts";
import { isInjected, type Spec } from "../service/spec.ts";
import { joinable } from "./cgroup.ts";
import { ownProgram } from "./client.ts";
import { signalAll } from "./group.ts";
import { launchVariable, planText } from "./launch.ts";
import { noteKills } from "./out-of-memory.ts";
import { type Plan, planOf, withSystem } from "./plan.ts";
import { isLauncher } from "./reading.ts";
import { era, type Process, processOf } from "./record.ts";
import { renewSockets } from "./sockets.ts";

export type Spawned = {
  process: Process;
  cgroup: string | null;
  /**
   * Sends the plan to the launcher, which then executes the program; resolves once the plan is written, or the launcher has
   * ended.
   */
  launch(): Promise<void>;
  /** Ends the launcher before it runs the program. */
  cancel(): void;
};

/**
 * Starts the service as it was defined: a symbolic link that was replaced since then is not followed to another place.
 * `defined` is null where an older bs9 defined the service. `onEnd` is called at the end of exactly this process. Throws where
 * the service cannot be started.
 */
export function spawnService(
  { spec, plan: defined }: { spec: Spec; plan: Plan | null },
  { paths, shuts }: { paths: Paths; shuts: boolean },
  onEnd: (pid: number, exit: Exit) => void,
): Spawned {
  const isShut = shuts && spec.sandbox.profile !== "off";
  // Another kernel may have been booted since, which may have gained or lost Landlock.
  const isCurrent = defined !== null && (defined.landlock !== null) === isShut;
  const plan = withSystem(isCurrent ? defined : planOf(spec, paths, shuts, new Neighbours(paths)), paths);
  if (isShut && hasCache(spec.sandbox.profile)) makeCache(paths.state, spec.name);
  if (isInjected(spec)) renewSockets(paths.state, spec.name);
  const files = openStreams(logFolder(paths.state, spec.name));
  const cgroup = joinable(spec.name, paths.state, spec.limits);
  noteKills(cgroup);
  const streams = [openStream(files.stdout), openStream(files.stderr)] as const;
  try {
    const child: Bun.Subprocess<"pipe", number, number> = Bun.spawn([ownProgram], {
      env: { [launchVariable]: "1" },
      stdio: ["pipe", ...streams],
      cwd: "/",
      detached: true,
      onExit: ({ pid }, code, signal): void => onEnd(pid, exitOf(code, signal)),
    });
    child.unref();
    const { pid } = child;
    return {
      process: processOf(pid) ?? { pid, startTime: startTimeOf(pid) ?? "", era: era() },
      cgroup,
      async launch() {
        try {
          child.stdin.write(planText({ ...plan, cgroup }));
          await child.stdin.end();
        } catch {
          // The launcher has already ended, and `onEnd` reports that.
        }
      },
      cancel: () => child.kill("SIGKILL"),
    };
  } finally {
    for (const fd of streams) closeSync(fd);
  }
}

/**
 * Returns true if the process that an earlier supervisor started runs its program. If it is still a launcher, which waits for
 * its plan or has just received it, it is killed.
 */
export function isLaunched({ pid }: Process): boolean {
  if (!isLauncher(pid)) return true;
  signalAll([pid], "SIGKILL");
  return false;
}

function exitOf(code: number | null, signal: number | NodeJS.Signals | null): Exit {
  if (signal === null) return { code: "exited", status: code ?? 0 };
  return { code: "killed", status: typeof signal === "number" ? signal : constants.signals[signal] };
}
