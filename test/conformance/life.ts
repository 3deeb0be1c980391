// Requirements on every backend: start, stop and restart of services, and what it reports about them.
import { expect } from "bun:test";
import { pidsOf } from "../../src/metrics/group.ts";
import { until } from "../harness.ts";
import { isRunning, type Stage, sleeper } from "./stage.ts";

const stubborn = 'trap "" TERM\nsleep 1000 &\necho $! >child\nwhile :; do sleep 0.05; done';

export const life: Record<string, (stage: Stage) => Promise<void>> = {
  async "a service can be started, restarted and stopped, each repeatedly"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper);
    const first = await stage.up(spec);
    expect(first).toMatchObject({ name: "one", restarts: 0, end: null });
    expect(pidsOf(first.group)).toContain(first.mainPid);
    expect(first.cpu?.usec).toBeGreaterThanOrEqual(0);
    await backend.start([spec]);
    expect((await stage.live(spec)).mainPid).toBe(first.mainPid);
    await backend.restart([spec]);
    const second = await stage.live(spec);
    expect(second.mainPid).not.toBe(first.mainPid);
    expect(second.restarts).toBe(0);
    expect(isRunning(first.mainPid)).toBe(false);
    for (let i = 0; i < 2; i++) {
      await backend.stop([spec]);
      expect(await stage.read("one")).toMatchObject({ state: "inactive", mainPid: null, group: null, cpu: null });
    }
    expect(isRunning(second.mainPid)).toBe(false);
    await backend.restart([spec]);
    await stage.live(spec);
  },

  async "several services start and stop at once"(stage) {
    const specs = Array.from({ length: 8 }, (_, i) => stage.spec(`s${i}`, sleeper));
    await stage.define(...specs);
    await stage.backend.start(specs);
    const pids = await Promise.all(specs.map(async (spec) => (await stage.live(spec)).mainPid));
    expect(new Set(pids).size).toBe(8);
    await stage.backend.stop(specs);
    expect(pids.filter(isRunning)).toEqual([]);
  },

  async "a service that ignores SIGTERM is killed after its timeout, and its children with it"(stage) {
    const spec = stage.spec("one", stubborn, { stopTimeoutMs: 600 });
    const { mainPid } = await stage.up(spec);
    const child = Number(await until(() => stage.wrote("child"), { what: "its child" }));
    // In a pid namespace of the service, this pid would mean another process here; but the service has no pid namespace of its
    // own.
    expect(isRunning(child)).toBe(true);
    const began = performance.now();
    await stage.backend.stop([spec]);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(550);
    expect(tookMs).toBeLessThan(5000);
    await until(() => !isRunning(mainPid) && !isRunning(child), { what: "both are gone" });
    expect((await stage.read("one")).state).toBe("inactive");
  },

  async "a stopping service is deactivating, and other services are not delayed"(stage) {
    const slow = stage.spec("slow", stubborn, { stopTimeoutMs: 8000 });
    const quick = stage.spec("quick", sleeper);
    await stage.up(slow);
    await until(() => stage.wrote("child"), { what: "it has set its trap" });
    const stopping = stage.backend.stop([slow]);
    await stage.reached("slow", "deactivating");
    await stage.up(quick);
    expect((await stage.read("slow")).state).toBe("deactivating");
    await stopping;
  },

  async "processes that the main process of a service leaves behind are ended"(stage) {
    const spec = stage.spec("one", "sleep 1000 &\necho $! >child\nexit 3", { restart: { policy: "no" } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    const child = Number(await until(() => stage.wrote("child"), { what: "its child" }));
    await stage.reached("one", "failed");
    await until(() => !isRunning(child), { what: "the child is gone" });
  },

  async "services keep running when the supervisor is killed or systemd re-executes itself, and bs9 recognizes them afterwards"(stage) {
    if (!stage.backend.capabilities.adoption) return;
    const spec = stage.spec("one", sleeper, { restart: { policy: "no" } });
    const { mainPid } = await stage.up(spec);
    await stage.backend.want(["one"], true);
    await stage.place.lose();
    expect(isRunning(mainPid)).toBe(true);
    expect(await stage.live(spec)).toMatchObject({ mainPid, restarts: 0, wanted: true });
    // The end of a service that was taken over is noticed too, although its exit status may be unknown.
    process.kill(mainPid, "SIGKILL");
    const { end } = await stage.reached("one", "failed");
    if (stage.backend.capabilities.exitStatus) expect(end).toBe("killed by SIGKILL");
    else expect(end).toContain("unknown exit status");
    await stage.backend.start([spec]);
    expect((await stage.live(spec)).mainPid).not.toBe(mainPid);
  },
};
