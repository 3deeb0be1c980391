// Starts the launcher of a service: a session of its own, its two log files, its cgroup where there is one.
import { closeSync } from "node:fs";
import { constants } from "node:os";
import type { Exit } from "../backend/ended.ts";
import type { Paths } from "../base/paths.ts";
import { startTimeOf } from "../base/proc.ts";
import { logFolder, openStream, openStreams } from "../logs/store/place.ts";
import type { Spec } from "../service/spec.ts";
import { joinable } from "./cgroup.ts";
import { launchVariable } from "./launch.ts";
import { ownProgram } from "./own.ts";
import { planOf } from "./plan.ts";
import { era, type Process, processOf } from "./record.ts";

export type Spawned = { process: Process; cgroup: string | null };

/** `onEnd` hears of the end of this very process. Throws where it cannot be started at all. */
export function spawnService(
  spec: Spec,
  { paths, shuts }: { paths: Paths; shuts: boolean },
  onEnd: (pid: number, exit: Exit) => void,
): Spawned {
  const plan = planOf(spec, paths, shuts);
  const files = openStreams(logFolder(paths.state, spec.name));
  const cgroup = joinable(spec.name, spec.limits);
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
