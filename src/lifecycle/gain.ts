// Measures how much size, start time and memory `--build` saves: starts the service from its source, then from the bundle.
import type { Reading } from "../backend/backend.ts";
import { figuresOf } from "../metrics/group.ts";
import { type Bundle, sweepBuilds } from "../runtime/bundle.ts";
import { portOf, type Spec } from "../service/spec.ts";
import { type Changed, change, putBack } from "./change.ts";
import type { Deps } from "./deps.ts";

export type Gain = {
  files: number;
  bytes: { before: number; after: number };
  /**
   * The time from the exec of the program until the service is ready; null without a port or a health check, which show when it
   * is ready.
   */
  startMs: { before: number | null; after: number | null };
  /** The memory of the service, measured when it is ready. */
  memoryBytes: { before: number | null; after: number | null };
};

/**
 * Starts the source first, to measure it, and then the bundle. If the bundle does not come up, the change is undone, and the
 * spec from before both starts runs again. Throws if the service does not come up.
 */
export async function changeToBuild(
  deps: Deps,
  spec: Spec,
  known: Spec | null,
  reading: Reading | undefined,
  bundled: Bundle,
): Promise<Changed & { gain: Gain }> {
  const source = { ...spec, build: null };
  const first = await change(deps, source, known, reading);
  const before = await measure(deps, source, first);
  const [present] = await deps.backend.read([spec.name]);
  const second = await change(deps, spec, source, present).catch(async (error: unknown) => {
    if (known !== null) await putBack(deps, known, true);
    throw error;
  });
  const after = await measure(deps, spec, second);
  sweepBuilds(deps.share, spec.name, bundled.build.hash);
  const gain: Gain = {
    files: bundled.sourceFiles,
    bytes: { before: bundled.sourceBytes, after: bundled.bundleBytes },
    startMs: { before: before.startMs, after: after.startMs },
    memoryBytes: { before: before.memoryBytes, after: after.memoryBytes },
  };
  return { ...second, gain };
}

async function measure(deps: Deps, spec: Spec, { readiness }: Changed): Promise<{ startMs: number | null; memoryBytes: number | null }> {
  const [reading] = await deps.backend.read([spec.name]);
  const isTold = portOf(spec) !== null || spec.health !== null;
  return {
    startMs: isTold && readiness?.ready === true ? readiness.readyAfterMs : null,
    memoryBytes: figuresOf(reading?.group ?? null).memoryBytes,
  };
}
