// Makes a reading from the answer of the supervisor and from what /proc shows of the processes.
import type { Reading } from "../backend/backend.ts";
import { linkOf, readProc } from "../base/proc.ts";
import type { Sessions } from "../base/sessions.ts";
import { readPids } from "../metrics/cgroup.ts";
import { cpuUsecOf, type Group } from "../metrics/group.ts";
import type { ServiceReport } from "./control.ts";
import { launchVariable } from "./launch.ts";

export function readingOf(name: string, told: ServiceReport | null, now: () => Sessions): Reading {
  const unit = name;
  if (told === null)
    return { name, unit, state: "inactive", mainPid: null, restarts: null, end: null, waits: null, group: null, cpu: null, wanted: false };
  const { mainPid, cgroup, restarts, wanted } = told;
  // A launcher (the process that becomes the service) does not count as the service yet.
  const isLaunching = mainPid !== null && told.state === "active" && isLauncher(mainPid);
  // The cgroup exists a short time before the launcher joins it; until then the group of the service is its main process alone.
  const isInCgroup = cgroup !== null && readPids(cgroup).length > 0;
  const group: Group | null =
    mainPid === null
      ? null
      : isInCgroup
        ? { kind: "cgroup", folder: cgroup }
        : { kind: "processes", pids: now().get(mainPid) ?? [mainPid] };
  return {
    name,
    unit,
    state: isLaunching ? "activating" : told.state,
    mainPid,
    restarts,
    end: told.state === "active" ? null : told.end,
    waits: told.waits,
    group,
    cpu: group === null ? null : { usec: cpuUsecOf(group), atMs: performance.now() },
    wanted,
  };
}

/**
 * The environment of a launcher holds its variable only, while the environment of a service holds at least its name. During
 * execve(2) the environment is empty for a moment: a process with a program but no environment is not the service yet either.
 */
export function isLauncher(pid: number): boolean {
  const environment = readProc(`${pid}/environ`);
  return environment === `${launchVariable}=1\0` || (environment === "" && linkOf(`${pid}/exe`) !== null);
}
