// Formats an event of a service as a line of the output of `bs9 run`: text, or JSON with --json. Pure.
import { type Exit, signalName } from "../backend/ended.ts";
import { formatSpan } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";

export type Happening = {
  service: string;
  /** `adopted`: an earlier supervisor had started the process. `not-started`: no process could be created. */
  event: "started" | "restarted" | "adopted" | "ended" | "not-started";
  pid: number | null;
  /** How the process ended; null if it has not ended, or if its exit status was not observed. */
  exit: Exit | null;
  /** How the process ended, or why it was not started, in words. */
  reason: string | null;
  /** Milliseconds until the next start; null where no start is planned. */
  nextStartMs: number | null;
};

export function jsonOfHappening({ service, event, pid, exit, reason, nextStartMs }: Happening, nowMs: number): string {
  return JSON.stringify({
    at: iso(nowMs),
    service,
    event,
    pid,
    exitStatus: exit?.code === "exited" ? exit.status : null,
    signal: exit === null || exit.code === "exited" ? null : signalName(exit.status),
    reason,
    nextStartAt: nextStartMs === null ? null : iso(nowMs + nextStartMs),
  });
}

export function textOfHappening({ service, event, pid, reason, nextStartMs }: Happening, nowMs: number): string {
  const what = `${iso(nowMs)} ${service} ${words[event]}${pid === null ? "" : `, pid ${pid}`}`;
  if (event !== "ended" && event !== "not-started") return what;
  const next =
    nextStartMs === null ? "no further start" : nextStartMs === 0 ? "next start at once" : `next start in ${formatSpan(nextStartMs)}`;
  return `${what}: ${harmless(reason ?? "it ended")}; ${next}`;
}

const words = { started: "started", restarted: "restarted", adopted: "taken over", ended: "ended", "not-started": "not started" };

const iso = (ms: number): string => new Date(ms).toISOString();
