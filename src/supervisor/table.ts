// The life cycle of a supervised service as a table: in each state, what each event leads to. Pure; modelled on
// s6-supervise(8).
import type { Exit } from "../backend/ended.ts";

/**
 * `activating` waits for the delay before a restart. `restarting` ends the process to start it again at once, `recycling` ends
 * it and treats its end as a crash.
 */
export const lifeStates = ["inactive", "activating", "active", "deactivating", "restarting", "recycling", "failed"] as const;
export type LifeState = (typeof lifeStates)[number];

export type LifeEvent =
  | "start"
  | "stop"
  | "restart"
  /** The service is unhealthy: it is asked to end, and its end is then treated as a crash. */
  | "recycle"
  /** The process of an earlier supervisor was found alive. */
  | "adopted"
  /** The process of an earlier supervisor was a launcher that ended without its plan: the program has not run. */
  | "not-launched"
  /** The process ended, and the restart policy starts it again, is satisfied, or gives up. */
  | "ended-again"
  | "ended-well"
  | "ended-for-good"
  | "delay-over"
  | "kill-timeout";

export type Action = "spawn" | "terminate" | "kill" | "set-delay" | "clear-delay" | "set-kill-timer" | "clear-kill-timer" | "watch";

export type Cell = { next: LifeState; actions: Action[] };

const to = (next: LifeState, ...actions: Action[]): Cell => ({ next, actions });

export const transitions = {
  inactive: {
    start: to("active", "spawn"),
    stop: to("inactive"),
    restart: to("active", "spawn"),
    recycle: to("inactive"),
    adopted: to("active", "watch"),
    "not-launched": to("inactive"),
    "ended-again": to("inactive"),
    "ended-well": to("inactive"),
    "ended-for-good": to("inactive"),
    "delay-over": to("inactive"),
    "kill-timeout": to("inactive"),
  },
  activating: {
    start: to("active", "clear-delay", "spawn"),
    stop: to("inactive", "clear-delay"),
    restart: to("active", "clear-delay", "spawn"),
    recycle: to("activating"),
    adopted: to("activating"),
    "not-launched": to("activating"),
    "ended-again": to("activating"),
    "ended-well": to("activating"),
    "ended-for-good": to("activating"),
    "delay-over": to("active", "spawn"),
    "kill-timeout": to("activating"),
  },
  active: {
    start: to("active"),
    stop: to("deactivating", "terminate", "set-kill-timer"),
    restart: to("restarting", "terminate", "set-kill-timer"),
    recycle: to("recycling", "terminate", "set-kill-timer"),
    adopted: to("active"),
    "not-launched": to("active", "spawn"),
    "ended-again": to("activating", "set-delay"),
    "ended-well": to("inactive"),
    "ended-for-good": to("failed"),
    "delay-over": to("active"),
    "kill-timeout": to("active"),
  },
  deactivating: {
    start: to("restarting"),
    stop: to("deactivating"),
    restart: to("restarting"),
    recycle: to("deactivating"),
    adopted: to("deactivating"),
    "not-launched": to("inactive", "clear-kill-timer"),
    "ended-again": to("inactive", "clear-kill-timer"),
    "ended-well": to("inactive", "clear-kill-timer"),
    "ended-for-good": to("inactive", "clear-kill-timer"),
    "delay-over": to("deactivating"),
    "kill-timeout": to("deactivating", "kill"),
  },
  restarting: {
    start: to("restarting"),
    stop: to("deactivating"),
    restart: to("restarting"),
    recycle: to("restarting"),
    adopted: to("restarting"),
    "not-launched": to("active", "clear-kill-timer", "spawn"),
    "ended-again": to("active", "clear-kill-timer", "spawn"),
    "ended-well": to("active", "clear-kill-timer", "spawn"),
    "ended-for-good": to("active", "clear-kill-timer", "spawn"),
    "delay-over": to("restarting"),
    "kill-timeout": to("restarting", "kill"),
  },
  recycling: {
    start: to("restarting"),
    stop: to("deactivating"),
    restart: to("restarting"),
    recycle: to("recycling"),
    adopted: to("recycling"),
    "not-launched": to("active", "clear-kill-timer", "spawn"),
    "ended-again": to("activating", "clear-kill-timer", "set-delay"),
    "ended-well": to("inactive", "clear-kill-timer"),
    "ended-for-good": to("failed", "clear-kill-timer"),
    "delay-over": to("recycling"),
    "kill-timeout": to("recycling", "kill"),
  },
  failed: {
    start: to("active", "spawn"),
    stop: to("inactive"),
    restart: to("active", "spawn"),
    recycle: to("failed"),
    adopted: to("active", "watch"),
    "not-launched": to("failed"),
    "ended-again": to("failed"),
    "ended-well": to("failed"),
    "ended-for-good": to("failed"),
    "delay-over": to("failed"),
    "kill-timeout": to("failed"),
  },
} satisfies Record<LifeState, Record<LifeEvent, Cell>>;

export type Policy = "on-failure" | "always" | "no";

/** Ends by SIGHUP, SIGINT, SIGPIPE and SIGTERM are clean, as in systemd (systemd.service(5), SuccessExitStatus=). */
const cleanSignals = new Set([1, 2, 13, 15]);

/** The exit of an adopted process is null, because its exit status is not visible; that does not count as a clean end. */
export function isClean(exit: Exit | null): boolean {
  return exit !== null && (exit.code === "exited" ? exit.status === 0 : exit.code === "killed" && cleanSignals.has(exit.status));
}

/** `mayAgain`: --max-restarts allows another start. */
export function eventOfEnd(exit: Exit | null, policy: Policy, mayAgain: boolean): LifeEvent {
  const again = policy === "always" || (policy === "on-failure" && !isClean(exit));
  if (again) return mayAgain ? "ended-again" : "ended-for-good";
  return isClean(exit) ? "ended-well" : "ended-for-good";
}
