// Groups processes by session (setsid(2)), where no cgroup shows which belong together.
import { listProc, readProc } from "./proc.ts";

export type Sessions = Map<number, number[]>;

type Process = { pid: number; parent: number; session: number; isZombie: boolean };

/** All processes that are visible now. */
export function processes(): Process[] {
  return listProc("").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = readProc(`${entry}/stat`);
    // proc_pid_stat(5): state, ppid, pgrp and session follow the command in parentheses, which may contain any character.
    const [state, parent, , session] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
    return state === undefined ? [] : [{ pid: Number(entry), parent: Number(parent), session: Number(session), isZombie: state === "Z" }];
  });
}

/** The living processes of each session, by the pid of its leader. */
export function sessions(): Sessions {
  const found: Sessions = new Map();
  for (const { pid, session, isZombie } of processes()) {
    if (!isZombie) found.set(session, [...(found.get(session) ?? []), pid]);
  }
  return found;
}
