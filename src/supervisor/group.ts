// Which processes are of a service: those of its cgroup, else of the session that its main process leads.
import { readProc, startTimeOf } from "../base/proc.ts";
import { type Sessions, sessions } from "../base/sessions.ts";
import { readPids } from "../metrics/cgroup.ts";
import type { Process } from "./record.ts";

export type GroupName = { leader: Process | null; cgroup: string | null };

/** `now` is a look at all sessions; without it that of this turn serves. */
export function membersOf({ leader, cgroup }: GroupName, now?: Sessions): number[] {
  if (cgroup !== null) {
    const pids = readPids(cgroup);
    // A launcher joins its cgroup a moment after it is there.
    return leader === null || pids.includes(leader.pid) || !isRunning(leader) ? pids : [...pids, leader.pid];
  }
  if (leader === null) return [];
  // A pid is not given again while a session has its name: under another start time nothing is left of ours.
  const seen = startTimeOf(leader.pid);
  return seen !== null && seen !== leader.startTime ? [] : ((now ?? recentSessions()).get(leader.pid) ?? []);
}

/** Not one that has ended and waits to be fetched. */
function isRunning({ pid, startTime }: Process): boolean {
  return startTimeOf(pid) === startTime && !/\) Z /.test(readProc(`${pid}/stat`) ?? ") Z ");
}

export function signalAll(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

/** One that was stopped by a signal could not hear it (kill(2), SIGCONT). */
export function askToEnd(pids: number[]): void {
  signalAll(pids, "SIGTERM");
  signalAll(pids, "SIGCONT");
}

/** A thousand services that are stopped in one turn of the loop ask the kernel once. */
let ofThisTurn: Sessions | null = null;

function recentSessions(): Sessions {
  if (ofThisTurn === null) {
    ofThisTurn = sessions();
    setImmediate(() => {
      ofThisTurn = null;
    });
  }
  return ofThisTurn;
}
