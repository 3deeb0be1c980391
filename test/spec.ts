// A spec by its name: everything that a test does not set has the smallest valid value.
import * as v from "valibot";
import { Spec } from "../src/service/spec.ts";

export function specNamed(name: string, more: Partial<Spec> = {}): Spec {
  return v.parse(Spec, {
    version: 1,
    name,
    entry: { kind: "executable", path: "/bin/sleep" },
    args: ["infinity"],
    root: "/tmp",
    cwd: "/tmp",
    runtime: { kind: "none" },
    port: null,
    env: {},
    path: "/usr/bin:/bin",
    limits: { memoryBytes: null, cpuPercent: null, files: 4096, tasks: 512 },
    health: null,
    waitMs: 1,
    sandbox: { profile: "standard", writable: [], readable: [], required: false },
    restart: { policy: "on-failure", delayMs: 1000, max: null },
    stopTimeoutMs: 5000,
    ...more,
  });
}
