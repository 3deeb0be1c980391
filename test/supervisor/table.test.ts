// The life cycle of a service: random walks through every cell never reach an impossible state.
import { expect, test } from "bun:test";
import { type Cell, eventOfEnd, isClean, type LifeEvent, type LifeState, lifeStates, transitions } from "../../src/supervisor/table.ts";
import { dice } from "../dice.ts";

const events = Object.keys(transitions.inactive) as LifeEvent[];

test.each(Array.from({ length: 50 }, (_, seed) => seed))(
  "random walk %d has at most one process, matching timers, and no process after a stop",
  (seed) => {
    const roll = dice(seed);
    let state: LifeState = "inactive";
    let [hasProcess, hasDelay, hasKillTimer, isKilled] = [false, false, false, false];
    const can: { [E in LifeEvent]: () => boolean } = {
      start: () => true,
      stop: () => true,
      restart: () => true,
      recycle: () => true,
      adopted: () => !hasProcess && (state === "inactive" || state === "failed"),
      "not-launched": () => hasProcess,
      "ended-again": () => hasProcess,
      "ended-well": () => hasProcess,
      "ended-for-good": () => hasProcess,
      "delay-over": () => hasDelay,
      "kill-timeout": () => hasKillTimer,
    };
    for (let turn = 0; turn < 2000; turn++) {
      const possible = events.filter((event) => can[event]());
      const event = possible[Math.floor(roll() * possible.length)] ?? "start";
      if (event.startsWith("ended") || event === "not-launched") hasProcess = false;
      if (event === "delay-over") hasDelay = false;
      if (event === "kill-timeout") hasKillTimer = false;
      const cell: Cell = transitions[state][event];
      for (const action of cell.actions) {
        if (action === "spawn" || action === "watch") {
          expect([action, hasProcess]).toEqual([action, false]);
          hasProcess = true;
          isKilled = false;
        } else if (action === "terminate") expect(hasProcess).toBe(true);
        else if (action === "kill") {
          expect(hasProcess).toBe(true);
          isKilled = true;
        } else if (action === "set-delay") hasDelay = true;
        else if (action === "clear-delay") hasDelay = false;
        else if (action === "set-kill-timer") hasKillTimer = true;
        else if (action === "clear-kill-timer") hasKillTimer = false;
      }
      state = cell.next;
      const lives = state !== "inactive" && state !== "activating" && state !== "failed";
      expect([turn, event, state, hasProcess]).toEqual([turn, event, state, lives]);
      expect([turn, event, state, hasDelay]).toEqual([turn, event, state, state === "activating"]);
      // While a service is stopping, either the timer for SIGKILL runs or the service has been killed.
      const goesDown = state === "deactivating" || state === "restarting" || state === "recycling";
      expect([turn, event, state, hasKillTimer || isKilled]).toEqual([turn, event, state, goesDown || isKilled]);
    }
    const stopped = transitions[state].stop.next;
    expect(["inactive", "deactivating"]).toContain(stopped);
  },
);

test.each<[LifeState, LifeEvent, LifeState, string[]]>([
  ["active", "recycle", "recycling", ["terminate", "set-kill-timer"]],
  // However the process ends, it is started again with the delay of a crash, or given up.
  ["recycling", "ended-again", "activating", ["clear-kill-timer", "set-delay"]],
  ["recycling", "ended-for-good", "failed", ["clear-kill-timer"]],
  ["recycling", "kill-timeout", "recycling", ["kill"]],
  // A second request has no effect, and an act of the user takes precedence.
  ["recycling", "recycle", "recycling", []],
  ["recycling", "stop", "deactivating", []],
  ["recycling", "restart", "restarting", []],
  ["recycling", "start", "restarting", []],
  // Only an active service can be unhealthy.
  ["inactive", "recycle", "inactive", []],
  ["activating", "recycle", "activating", []],
  ["deactivating", "recycle", "deactivating", []],
  ["restarting", "recycle", "restarting", []],
  ["failed", "recycle", "failed", []],
])("a supervised service in state %s changes on the event %s to %s", (state, event, next, actions) =>
  expect<Cell>(transitions[state][event]).toEqual({ next, actions } as Cell),
);

test("every state of a supervised service can be reached", () => {
  const reached = new Set(lifeStates.flatMap((state) => events.map((event) => transitions[state][event].next)));
  expect([...reached].sort()).toEqual([...lifeStates].sort());
});

test.each([
  [{ code: "exited", status: 0 } as const, true],
  [{ code: "exited", status: 1 } as const, false],
  [{ code: "killed", status: 15 } as const, true],
  [{ code: "killed", status: 9 } as const, false],
  [{ code: "dumped", status: 15 } as const, false],
  [null, false],
])("whether the exit %j of a service counts as clean is decided correctly: %p", (exit, clean) => {
  expect(isClean(exit)).toBe(clean);
  expect(eventOfEnd(exit, "on-failure", true)).toBe(clean ? "ended-well" : "ended-again");
  expect(eventOfEnd(exit, "always", true)).toBe("ended-again");
  expect(eventOfEnd(exit, "always", false)).toBe("ended-for-good");
  expect(eventOfEnd(exit, "no", true)).toBe(clean ? "ended-well" : "ended-for-good");
});
