// Requirements on every backend: what happens when a service ends by itself.
import { expect } from "bun:test";
import type { State } from "../../src/backend/backend.ts";
import { delayOf, longestDelayMs } from "../../src/backend/restarts.ts";
import type { Spec } from "../../src/service/spec.ts";
import { until } from "../harness.ts";
import { type Stage, sleeper } from "./stage.ts";

const ended: [script: string, policy: Spec["restart"]["policy"], state: State, end: string | RegExp][] = [
  ["exit 3", "no", "failed", "exited with 3"],
  ["exit 0", "no", "inactive", "exited with 0"],
  ["exit 0", "on-failure", "inactive", "exited with 0"],
  ["kill -KILL $$", "no", "failed", "killed by SIGKILL"],
  ["kill -TERM $$", "on-failure", "inactive", "killed by SIGTERM"],
  ["ulimit -c 0; kill -SEGV $$", "no", "failed", /^killed by SIGSEGV/],
  // 127 is the exit status of a shell that could not execute the program.
  ["#!/nowhere/at-all\n", "no", "failed", /^the program cannot be executed \(exit 203\)$|^exited with 127$/],
];

/** Milliseconds since boot, with a resolution of centiseconds: setting the system time does not change this clock. */
const stamp = "cut -d' ' -f1 /proc/uptime";
const startsOf = (stage: Stage, file: string): number[] =>
  (stage.wrote(file) ?? "")
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(line) * 1000);

export const restarts: Record<string, (stage: Stage) => Promise<void>> = {
  async "the backend describes in words how a service has ended"(stage) {
    const specs = ended.map(([script, policy], i) => stage.spec(`e${i}`, script, { restart: { policy } }));
    await stage.define(...specs);
    await stage.backend.start(specs);
    for (const [i, [script, policy, state, end]] of ended.entries()) {
      const reading = await until(
        async () => {
          const seen = await stage.read(`e${i}`);
          return seen.state === state && (seen.end !== null || state === "inactive") ? seen : null;
        },
        { what: `the end of ${script}, ${policy}` },
      );
      expect(reading).toMatchObject({ mainPid: null, group: null, restarts: 0 });
      // systemd may already have unloaded a unit that ended without error.
      if (state === "inactive" && reading.end === null) continue;
      if (typeof end === "string") expect([script, reading.end]).toEqual([script, end]);
      else expect(reading.end).toMatch(end);
    }
    // A stop clears the failure.
    await stage.backend.stop(specs);
    for (const spec of specs) expect((await stage.read(spec.name)).state).toBe("inactive");
  },

  async "a killed service is restarted with another pid, and the restart is counted"(stage) {
    const spec = stage.spec("one", sleeper);
    let { mainPid } = await stage.up(spec);
    for (const restarts of [1, 2, 3]) {
      process.kill(mainPid, "SIGKILL");
      const before = mainPid;
      const next = await stage.live(spec, (reading) => reading.mainPid !== before && reading.restarts === restarts);
      expect(next.end).toBe(null);
      mainPid = next.mainPid;
    }
    // A restart by hand resets the count.
    await stage.backend.restart([spec]);
    expect((await stage.live(spec)).restarts).toBe(0);
  },

  async "with the policy `always` a service is restarted after a clean exit too"(stage) {
    const spec = stage.spec("one", `${stamp} >>starts\nexit 0`, { restart: { policy: "always", max: 2 } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    await stage.reached("one", "failed");
    expect(startsOf(stage, "starts").length).toBe(3);
  },

  async "the delays between restarts grow, --max-restarts ends them, and a start by the user resets the count"(stage) {
    const delayMs = 300;
    const max = 4;
    const spec = stage.spec("one", `${stamp} >>starts\nexit 1`, { restart: { delayMs, max } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    // While the service waits it is neither active nor given up.
    await stage.reached("one", "activating");
    const reading = await stage.reached("one", "failed");
    expect(reading).toMatchObject({ restarts: max, end: "given up: it was restarted as often as --max-restarts allows" });
    const starts = startsOf(stage, "starts");
    expect(starts.length).toBe(1 + max);
    for (let n = 2; n <= starts.length; n++) {
      const gapMs = (starts[n - 1] ?? 0) - (starts[n - 2] ?? 0);
      expect(gapMs).toBeGreaterThanOrEqual(delayOf(n, delayMs) - 10);
      expect(gapMs).toBeLessThan(delayOf(n, delayMs) + 8000);
    }
    await stage.backend.start([spec]);
    await until(() => startsOf(stage, "starts").length === 2 * (1 + max), { what: "as many starts once more" });
    await stage.reached("one", "failed");
  },

  async "an unhealthy service is asked to end, its restart is counted, and it is started after the same delay as after a crash"(stage) {
    const delayMs = 400;
    // The service exits cleanly when asked to end, unlike after a crash.
    const script = `trap 'echo asked >>asked; exit 0' TERM\n${stamp} >>starts\nwhile :; do sleep 0.05; done`;
    const spec = stage.spec("one", script, { restart: { delayMs } });
    let { mainPid } = await stage.up(spec);
    for (const restarts of [1, 2, 3]) {
      await until(() => startsOf(stage, "starts").length === restarts, { what: `start ${restarts}` });
      await stage.backend.recycle(spec, "port 1 accepts no connection");
      const before = mainPid;
      ({ mainPid } = await stage.live(spec, (reading) => reading.mainPid !== before && reading.restarts === restarts));
    }
    await until(() => startsOf(stage, "starts").length === 4, { what: "the last start" });
    const starts = startsOf(stage, "starts");
    expect(stage.wrote("asked")?.split("\n").length).toBe(4);
    const why = "it is unhealthy, so it is restarted: port 1 accepts no connection";
    const events = await stage.lines("one", 10, { eventsOnly: true });
    expect(events.flatMap(({ message, stream }) => (message === why ? [stream] : []))).toEqual(["bs9", "bs9", "bs9"]);
    for (let n = 2; n <= starts.length; n++)
      expect((starts[n - 1] ?? 0) - (starts[n - 2] ?? 0)).toBeGreaterThanOrEqual(delayOf(n, delayMs) - 10);
    await stage.backend.stop([spec]);
    // A stopped service stays stopped.
    await stage.backend.recycle(spec, "port 1 accepts no connection");
    expect((await stage.read("one")).state).toBe("inactive");
  },

  async "a service that is restarted too often because it is unhealthy is given up"(stage) {
    const spec = stage.spec("one", sleeper, { restart: { delayMs: 0, max: 1 } });
    const { mainPid } = await stage.up(spec);
    await stage.backend.recycle(spec, "port 1 accepts no connection");
    await stage.live(spec, (reading) => reading.mainPid !== mainPid && reading.restarts === 1);
    await stage.backend.recycle(spec, "port 1 accepts no connection");
    const reading = await stage.reached("one", "failed");
    expect(reading).toMatchObject({ restarts: 1, end: "given up: it was restarted as often as --max-restarts allows" });
  },

  async "restarting an unhealthy service that already waits for its restart changes neither its count nor its delay"(stage) {
    const delayMs = 2000;
    const spec = stage.spec("one", `${stamp} >>starts\nexit 1`, { restart: { delayMs, max: 2 } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    const waits = async () => {
      const reading = await stage.read("one");
      return startsOf(stage, "starts").length === 2 && reading.state === "activating" && reading.restarts === 2 ? reading : null;
    };
    await until(waits, { what: "it waits" });
    for (let n = 0; n < 3; n++) await stage.backend.recycle(spec, "port 1 accepts no connection");
    expect(await waits()).not.toBeNull();
    // Only the number of starts shows the result: there are as many as without the restart for health.
    expect(await stage.reached("one", "failed")).toMatchObject({ restarts: 2 });
    const starts = startsOf(stage, "starts");
    expect(starts.length).toBe(3);
    expect((starts[2] ?? 0) - (starts[1] ?? 0)).toBeGreaterThanOrEqual(delayMs - 10);
  },

  async "a restart by the user ends the wait for an automatic restart"(stage) {
    const spec = stage.spec("one", `${stamp} >>starts\nexit 1`, { restart: { delayMs: longestDelayMs } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    await until(async () => startsOf(stage, "starts").length === 2 && (await stage.read("one")).state === "activating", {
      what: "it waits",
    });
    await stage.backend.restart([spec]);
    await until(() => startsOf(stage, "starts").length > 2, { what: "the third start" });
    const [, second = 0, third = 0] = startsOf(stage, "starts");
    expect(third - second).toBeLessThan(longestDelayMs);
  },

  async "a stop by the user ends the wait for an automatic restart"(stage) {
    const spec = stage.spec("one", `${stamp} >>starts\nexit 1`, { restart: { delayMs: 2000 } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    await until(async () => startsOf(stage, "starts").length === 2 && (await stage.read("one")).state === "activating", {
      what: "it waits",
    });
    await stage.backend.stop([spec]);
    expect((await stage.read("one")).state).toBe("inactive");
    await Bun.sleep(2500);
    expect(startsOf(stage, "starts").length).toBe(2);
  },
};
