// Requirements on every backend: specs of services are defined, recognized, and forgotten.
import { expect } from "bun:test";
import { type Stage, sleeper } from "./stage.ts";

export const defining: Record<string, (stage: Stage) => Promise<void>> = {
  async "a service can be defined and undefined repeatedly"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper);
    await backend.claim("one");
    expect(await backend.isDefined(spec)).toBe(false);
    for (let i = 0; i < 2; i++) {
      expect(await backend.define([spec])).toEqual(new Map());
      expect(await backend.isDefined(spec)).toBe(true);
      expect(await stage.read("one")).toMatchObject({ state: "inactive", mainPid: null, group: null, cpu: null, end: null, wanted: false });
    }
    await backend.claim("one");
    for (let i = 0; i < 2; i++) {
      await backend.undefine(["one"]);
      expect(await backend.isDefined(spec)).toBe(false);
    }
  },

  async "a changed spec does not count as defined"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper, { env: { A: "1" } });
    await stage.define(spec);
    const changes = [
      { ...spec, env: { A: "2" } },
      { ...spec, args: ["-x"] },
      { ...spec, limits: { ...spec.limits, files: 1024 } },
      { ...spec, restart: { ...spec.restart, policy: "always" as const } },
      { ...spec, stopTimeoutMs: 1234 },
    ];
    for (const changed of changes) expect(await backend.isDefined(changed)).toBe(false);
    const [last = spec] = changes.slice(-1);
    await stage.define(last);
    expect([await backend.isDefined(spec), await backend.isDefined(last)]).toEqual([false, true]);
  },

  async "a spec that cannot be defined does not prevent other services from being defined and started"(stage) {
    const { backend } = stage;
    const first = stage.spec("first", sleeper);
    const bad = stage.spec("bad", sleeper, { args: ["x".repeat(200_000)] });
    const last = stage.spec("last", sleeper);
    const troubles = await backend.define([first, bad, last]);
    expect([...troubles.keys()]).toEqual(["bad"]);
    expect(troubles.get("bad")).toMatchObject({ message: expect.stringContaining("the kernel accepts at most") });
    await backend.start([first, last]);
    await Promise.all([stage.live(first), stage.live(last)]);
    expect((await backend.read(["last", "nobody", "bad", "first"])).map(({ name, state }) => [name, state])).toEqual([
      ["last", "active"],
      ["nobody", "inactive"],
      ["bad", "inactive"],
      ["first", "active"],
    ]);
  },

  async "the unit or plan made from a spec names the program, and contains no value of the environment"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper, { env: { TOKEN: "xyzzy-secret" } });
    await stage.define(spec);
    const text = await backend.unitText(spec);
    expect(text).toContain(spec.entry.path);
    expect(text).not.toContain("xyzzy-secret");
    expect(await Bun.file(backend.unitFile("one")).exists()).toBe(true);
    await backend.undefine(["one"]);
    expect(await Bun.file(backend.unitFile("one")).exists()).toBe(false);
  },

  async "the backend keeps whether a service starts at boot, does not start it for that reason, and forgets it with the definition"(stage) {
    const { backend } = stage;
    const spec = stage.spec("one", sleeper);
    await stage.define(spec);
    for (const wanted of [true, true, false, false, true]) {
      await backend.want(["one"], wanted);
      expect(await stage.read("one")).toMatchObject({ wanted, state: "inactive" });
    }
    await backend.want(["one"], false);
    await backend.undefine(["one"]);
    expect((await stage.read("one")).wanted).toBe(false);
  },
};
