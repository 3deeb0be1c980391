// The types for the sandbox and limits of a service: what its spec asks for, and what is in effect.

import * as v from "valibot";

export const Missing = v.strictObject({ directive: v.string(), why: v.string(), mend: v.string() });
export type Missing = v.InferOutput<typeof Missing>;

/** Whether signals, abstract sockets and limits of other processes are out of a service's reach. */
export const Isolation = v.strictObject({
  /** `full`: nothing is missing. */
  verdict: v.picklist(["full", "partial"]),
  /** The threats that the live process shows to be prevented. */
  verified: v.array(v.string()),
  /** The threats that attempts under the same launcher, made since boot, have shown to be prevented. */
  probed: v.array(v.string()),
  missing: v.array(Missing),
});
export type Isolation = v.InferOutput<typeof Isolation>;

export type SandboxVerdict = {
  verdict: "effective" | "partial" | "off" | "unknown";
  /** Directives whose effect is visible on the live process. */
  verified: string[];
  /**
   * Directives whose effect is not visible on a live process, but which were in effect in a test of the same settings on this
   * host.
   */
  probed: string[];
  missing: Missing[];
  /**
   * Directives that the unit asks for in addition to the profile and that have no effect on this host. They do not change the
   * verdict, but are shown.
   */
  unheld?: Missing[];
  /**
   * The isolation from other processes, absent if nothing is known about the process. It never changes the verdict on the
   * sandbox.
   */
  isolation?: Isolation;
};

export type Limit = { value: number; inForce: boolean };

export type Limits = {
  memoryBytes: Limit | null;
  cpuPercent: Limit | null;
  tasks: Limit | null;
  files: Limit | null;
};
