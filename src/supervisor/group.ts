// Which processes are of a service: those of its cgroup, else of the session that its main process leads.
import { sessions } from "../base/sessions.ts";
import { readPids } from "../metrics/cgroup.ts";

export function membersOf(leader: number | null, cgroup: string | null): number[] {
  if (cgroup !== null) return readPids(cgroup);
  return leader === null ? [] : (sessions().get(leader) ?? []);
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
