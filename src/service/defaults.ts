// The default of each option of `start`, used if the user does not set the option.
import type { RuntimeKind } from "./input.ts";
import type { SandboxProfile, Spec } from "./spec.ts";

export type Defaults = {
  memoryBytes: number | null;
  cpuPercent: number | null;
  files: number;
  tasks: number;
  waitMs: number;
  sandbox: SandboxProfile;
  requireSandbox: boolean;
  restart: Spec["restart"]["policy"];
  restartDelayMs: number;
  maxRestarts: number | null;
  stopTimeoutMs: number;
  /** For `.ts` and `.js` files; every other file is executed itself. */
  runtime: RuntimeKind;
  linger: boolean;
  /** The app's own port answers `/metrics` of the preload too. */
  metricsOnPort: boolean;
};

export const builtIn: Defaults = {
  memoryBytes: null,
  cpuPercent: null,
  files: 65_536,
  tasks: 512,
  waitMs: 30_000,
  sandbox: "standard",
  requireSandbox: false,
  restart: "on-failure",
  restartDelayMs: 1000,
  maxRestarts: null,
  stopTimeoutMs: 30_000,
  runtime: "bs9",
  linger: true,
  metricsOnPort: false,
};
