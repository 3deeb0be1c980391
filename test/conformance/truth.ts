// Requirements on every backend: it claims nothing about sandbox and limits that the live process does not confirm.
import { expect } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { statusField } from "../../src/base/proc.ts";
import { pidsOf } from "../../src/metrics/group.ts";
import { until } from "../harness.ts";
import { type Stage, sleeper } from "./stage.ts";

const field = (pid: number, name: string): string | null => statusField(readFileSync(`/proc/${pid}/status`, "utf8"), name);

export const truth: Record<string, (stage: Stage) => Promise<void>> = {
  async "the sandbox is as effective as the verdict says"(stage) {
    const { backend, place } = stage;
    const secret = join(place.home, "secret");
    writeFileSync(secret, "x", { mode: 0o600 });
    const tries = `cat '${secret}' >/dev/null 2>&1 && touch read; touch '${place.home}/planted'; touch done`;
    try {
      for (const profile of ["standard", "strict"] as const) {
        const spec = stage.spec(profile, `${profile === "strict" ? "" : `${tries}; `}${sleeper}`, { sandbox: profile });
        const reading = await stage.up(spec);
        const found = await backend.verify(spec, reading);
        const withheld = await backend.withheld(profile);
        expect(field(reading.mainPid, "NoNewPrivs")).toBe(found.verified.includes("NoNewPrivileges") ? "1" : "0");
        if (backend.capabilities.sandbox) {
          expect(found).toMatchObject({ verdict: "effective", missing: [] });
          expect(field(reading.mainPid, "Seccomp")).toBe("2");
        } else {
          expect(["partial", "off"]).toContain(found.verdict);
          expect(found.missing.length).toBeGreaterThan(0);
          expect(found.missing).toEqual(withheld);
          // The missing directives have no effect here: the only filter is the one against prlimit64.
          const filters = Number(field(reading.mainPid, "Seccomp_filters")) - Number(field(process.pid, "Seccomp_filters"));
          expect(found.missing.some(({ directive }) => directive.startsWith("SystemCallFilter"))).toBe(filters === 1);
          for (const { why, mend } of found.missing) expect([why, mend]).not.toContain("");
        }
        if (profile === "strict") continue;
        await until(() => stage.wrote("done") !== null, { what: "what it tried" });
        // With any sandbox except off the home directory is closed: nobody else sees what the service writes there.
        expect(stage.wrote("read")).toBe(found.verdict === "off" ? "" : null);
        expect(existsSync(join(place.home, "planted"))).toBe(found.verdict === "off");
      }
    } finally {
      rmSync(secret, { force: true });
      rmSync(join(place.home, "planted"), { force: true });
    }
  },

  async "the verdict on the sandbox is off for a service without a sandbox, and unknown for a stopped service"(stage) {
    const spec = stage.spec("one", sleeper, { sandbox: "off" });
    const reading = await stage.up(spec);
    expect((await stage.backend.verify(spec, reading)).verdict).toBe("off");
    await stage.backend.stop([spec]);
    expect(await stage.backend.verify(spec, await stage.read("one"))).toMatchObject({ verdict: "unknown", verified: [] });
  },

  async "the kernel enforces exactly those limits that the backend reports as in force"(stage) {
    const { backend } = stage;
    const limits = { memoryBytes: 64 * 1024 * 1024, cpuPercent: 50, tasks: 16, files: 300 };
    const many = `i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i + 1)); done 2>/dev/null; ${sleeper}`;
    // A shell that cannot fork ends, so the attempts run beside a shell that stays.
    const spec = stage.spec("one", `(${many}) & sleep 2; touch tried; ${sleeper}`, { limits });
    const reading = await stage.up(spec);
    const told = backend.limits(spec, reading);
    for (const [name, value] of Object.entries(limits))
      expect(told[name as keyof typeof told]).toEqual({ value, inForce: expect.any(Boolean) });
    if (backend.capabilities.limits) {
      // Except for controllers that this machine does not delegate to user cgroups (cgroup v1 beside v2).
      const given =
        reading.group?.kind === "cgroup" ? readFileSync(join(reading.group.folder, "cgroup.controllers"), "utf8").trim().split(" ") : [];
      for (const [name, controller] of Object.entries({ memoryBytes: "memory", cpuPercent: "cpu", tasks: "pids" }))
        expect([name, told[name as keyof typeof told]?.inForce]).toEqual([name, given.includes(controller)]);
    }
    expect(told.files?.inForce).toBe(/^Max open files +300 +300 /m.test(readFileSync(`/proc/${reading.mainPid}/limits`, "utf8")));
    await until(() => stage.wrote("tried") !== null, { what: "it has tried to start many" });
    const running = pidsOf((await stage.read("one")).group).length;
    expect(told.tasks?.inForce).toBe(running <= limits.tasks);
    // Limits that are not set are not reported, and no limit is in force for a stopped service.
    await backend.stop([spec]);
    expect(backend.limits(spec, await stage.read("one")).tasks).toEqual({ value: 16, inForce: false });
    const free = stage.spec("free", sleeper);
    expect(backend.limits(free, await stage.up(free))).toMatchObject({ memoryBytes: null, cpuPercent: null });
  },
};
