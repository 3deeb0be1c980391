// Starts the launcher of a service: a session of its own, its two log files, its cgroup where there is one.
import { closeSync } from "node:fs";
import { constants } from "node:os";
import type { Exit } from "../backend/ended.ts";
import { Neighbours } from "../backend/neighbours.ts";
import type { Paths } from "../base/paths.ts";
import { startTimeOf } from "../base/proc.ts";
import { logFolder, openStream, openStreams } from "../logs/store/place.ts";
import type { Spec } from "../service/spec.ts";
import { joinable } from "./cgroup.ts";
import { launchVariable } from "./launch.ts";
import { ownProgram } from "./own.ts";
import { type Plan, planOf, withSystem } from "./plan.ts";
import { era, type Process, processOf } from "./record.ts";

export type Spawned = { process: Process; cgroup: string | null };

/**
 * Starts what the service was defined as: a link that was replaced since is not followed to another place. `defined` is null
 * where an older bs9 has defined it. `onEnd` hears of the end of this very process. Throws where it cannot be started at all.
 */
export function spawnService(
  { spec, plan: defined }: { spec: Spec; plan: Plan | null },
  { paths, shuts }: { paths: Paths; shuts: boolean },
  onEnd: (pid: number, exit: Exit) => void,
): Spawned {
  const isShut = shuts && spec.sandbox.profile !== "off";
  // A kernel that was changed since may have Landlock now, or no more.
  const isCurrent = defined !== null && (defined.landlock !== null) === isShut;
  const plan = withSystem(isCurrent ? defined : planOf(spec, paths, shuts, new Neighbours(paths)), paths);
  const files = openStreams(logFolder(paths.state, spec.name));
  const cgroup = joinable(spec.name, paths.state, spec.limits);
  const streams = [openStream(files.stdout), openStream(files.stderr)] as const;
  try {
    const child: Bun.Subprocess = Bun.spawn([ownProgram], {
      env: { [launchVariable]: "1" },
      stdio: [Buffer.from(JSON.stringify({ ...plan, cgroup })), ...streams],
      cwd: "/",
      detached: true,
      onExit: ({ pid }, code, signal): void => onEnd(pid, exitOf(code, signal)),
    });
    child.unref();
    const { pid } = child;
    return { process: processOf(pid) ?? { pid, startTime: startTimeOf(pid) ?? "", era: era() }, cgroup };
  } finally {
    for (const fd of streams) closeSync(fd);
  }
}

function exitOf(code: number | null, signal: number | NodeJS.Signals | null): Exit {
  if (signal === null) return { code: "exited", status: code ?? 0 };
  return { code: "killed", status: typeof signal === "number" ? signal : constants.signals[signal] };
}
