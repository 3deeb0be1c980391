// The difference between two specs, as `--dry-run` and `changed` show it. Pure.
import { givenEnvironment, type Spec } from "./spec.ts";

export type Difference = {
  /** A dotted path into the spec, e.g. `limits.memoryBytes` or `env.GREETING`. */
  path: string;
  before: unknown;
  after: unknown;
};

/** Ignores PATH, which is kept from the first definition, and the versions of the runtime and of the preload. */
export function difference(before: Spec | null, after: Spec): Difference[] {
  const found: Difference[] = [];
  compare("", before === null ? {} : comparable(before), comparable(after), found);
  return found;
}

/** Settings that only bs9 itself reads: changing only these does not restart the service. */
const ofTheCommandOnly = new Set(["waitMs", "envFiles", "health", "healthRestart", "sandbox.required"]);

export function needsRestart(differences: Difference[]): boolean {
  return differences.some((d) => !ofTheCommandOnly.has(d.path) && !d.path.startsWith("health."));
}

function comparable(spec: Spec): Record<string, unknown> {
  const { version: _version, path: _path, runtime, inject, envFiles, envRemoved: _removed, ...rest } = spec;
  return {
    ...rest,
    env: givenEnvironment(spec),
    envFiles: envFiles.map(({ path }) => path),
    runtime: runtime.kind === "bs9" ? { kind: "bs9" } : runtime,
    ...(inject === undefined ? {} : { inject: inject.by === "none" ? inject : { ...inject, version: undefined } }),
  };
}

function compare(path: string, before: unknown, after: unknown, found: Difference[]): void {
  if (Bun.deepEquals(before, after, true)) return;
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(path === "" ? key : `${path}.${key}`, before[key], after[key], found);
    }
    return;
  }
  found.push({ path, before, after });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
