// Finds the processes of a service: those in its cgroup, or, without a cgroup, those in the session that its main process
// leads.
import { readProc, startTimeOf } from "../base/proc.ts";
import { type Sessions, sessions } from "../base/sessions.ts";
import { readPids } from "../metrics/cgroup.ts";
import type { Process } from "./record.ts";

export type GroupName = { leader: Process | null; cgroup: string | null };

/** `now` is a fresh list of all sessions; without it the list of this turn of the event loop is used. */
export function membersOf({ leader, cgroup }: GroupName, now?: Sessions): number[] {
  if (cgroup !== null) {
    const pids = readPids(cgroup);
    // The cgroup exists a short time before the launcher (the process that becomes the service) joins it, so the launcher is
    // added here.
    return leader === null || pids.includes(leader.pid) || !isRunning(leader) ? pids : [...pids, leader.pid];
  }
  if (leader === null) return [];
  // The kernel does not reuse a pid as long as a session has that id: a different start time means that our session is gone.
  const seen = startTimeOf(leader.pid);
  return seen !== null && seen !== leader.startTime ? [] : ((now ?? recentSessions()).get(leader.pid) ?? []);
}

/** A zombie has ended and does not count as running. */
function isRunning({ pid, startTime }: Process): boolean {
  return startTimeOf(pid) === startTime && !/\) Z /.test(readProc(`${pid}/stat`) ?? ") Z ");
}

export function signalAll(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // The process has just ended.
    }
  }
}

/** SIGCONT follows SIGTERM, because a stopped process handles SIGTERM only after it continues (kill(2)). */
export function askToEnd(pids: number[]): void {
  signalAll(pids, "SIGTERM");
  signalAll(pids, "SIGCONT");
}

/** Sessions are read once per turn of the event loop, so that stopping a thousand services reads /proc once. */
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
