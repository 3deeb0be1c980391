// What `start` was asked for, before defaults: absent means "as it is, or the default".
import type { EnvFile, Health, SandboxProfile, Spec } from "./spec.ts";

export type RuntimeKind = Spec["runtime"]["kind"];

/** The entry as it was found on this host; paths absolute, what was asked of PATH already looked up. */
export type FoundEntry = {
  path: string;
  kind: Spec["entry"]["kind"];
  /** True where it was a bare word found on PATH: then the caller's folder is the place of work. */
  onPath: boolean;
};

export type StartInput = {
  name?: string | undefined;
  /** The name comes from a file of services, so that nobody has typed it for this project. */
  isFromFile?: boolean | undefined;
  /** The entry stands for its whole project: the service gets the name of the project. */
  isProject?: boolean | undefined;
  args?: string[] | undefined;
  port?: number | undefined;
  env: Record<string, string>;
  /** Replaces the files that are known. */
  envFiles?: EnvFile[] | undefined;
  envRemoved: string[];
  cwd?: string | undefined;
  runtime?: RuntimeKind | undefined;
  memoryBytes?: number | undefined;
  cpuPercent?: number | undefined;
  files?: number | undefined;
  tasks?: number | undefined;
  health?: Health | undefined;
  healthRestart?: boolean | undefined;
  waitMs?: number | undefined;
  sandbox?: SandboxProfile | undefined;
  writable?: string[] | undefined;
  readable?: string[] | undefined;
  requireSandbox?: boolean | undefined;
  requireIsolation?: boolean | undefined;
  restart?: Spec["restart"]["policy"] | undefined;
  restartDelayMs?: number | undefined;
  maxRestarts?: number | undefined;
  stopTimeoutMs?: number | undefined;
  log?: Spec["log"] | undefined;
  /** Bundle the entry first. */
  build?: boolean | undefined;
  force?: boolean | undefined;
  reset: boolean;
};
