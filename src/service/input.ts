// The input of `start` before defaults: an absent option means "unchanged, or the default".
import type { EnvFile, HealthCheck, SandboxProfile, Spec } from "./spec.ts";

export type RuntimeKind = Spec["runtime"]["kind"];

/** The entry as found on this host; paths are absolute, and a command was already looked up on PATH. */
export type FoundEntry = {
  path: string;
  kind: Spec["entry"]["kind"];
  /** True for a word that was found on PATH: the service then works in the directory of the caller. */
  onPath: boolean;
};

export type StartInput = {
  name?: string | undefined;
  /** The directory of the file of services that has the name: the user did not type the name for this project. */
  fileFolder?: string | undefined;
  /** The entry stands for its whole project, so the service gets the name of the project. */
  isProject?: boolean | undefined;
  args?: string[] | undefined;
  port?: number | undefined;
  env: Record<string, string>;
  /** Replaces the known environment files. */
  envFiles?: EnvFile[] | undefined;
  envRemoved: string[];
  cwd?: string | undefined;
  runtime?: RuntimeKind | undefined;
  memoryBytes?: number | undefined;
  cpuPercent?: number | undefined;
  files?: number | undefined;
  tasks?: number | undefined;
  health?: HealthCheck | undefined;
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
  /** False: leave out the preload of bs9. */
  inject?: boolean | undefined;
  /** Bundle the entry before the start. */
  build?: boolean | undefined;
  force?: boolean | undefined;
  reset: boolean;
};
