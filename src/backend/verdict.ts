// What is so of a service's sandbox and limits: the declared beside the effective.

import * as v from "valibot";

export const Missing = v.strictObject({ directive: v.string(), why: v.string(), mend: v.string() });
export type Missing = v.InferOutput<typeof Missing>;

/** Whether signals, abstract sockets and limits of other processes stay out of a service's reach. */
export const Isolation = v.strictObject({
  /** `full`: nothing is missing. */
  verdict: v.picklist(["full", "partial"]),
  /** What the live process shows to be held. */
  verified: v.array(v.string()),
  /** What attempts under the same launcher have shown to be held since this machine was booted. */
  probed: v.array(v.string()),
  missing: v.array(Missing),
});
export type Isolation = v.InferOutput<typeof Isolation>;

export type SandboxVerdict = {
  verdict: "effective" | "partial" | "off" | "unknown";
  /** Directives seen on the live process. */
  verified: string[];
  /** Directives that no one can read of a live process; the host's probe has proved the same text. */
  probed: string[];
  missing: Missing[];
  /** What the unit asks for beyond the profile and does not get here: no part of what the verdict promises, but nothing to hide. */
  unheld?: Missing[];
  /** Absent where nothing is known of the process. It never changes the verdict. */
  isolation?: Isolation;
};

export type Limit = { value: number; inForce: boolean };

export type Limits = {
  memoryBytes: Limit | null;
  cpuPercent: Limit | null;
  tasks: Limit | null;
  files: Limit | null;
};
