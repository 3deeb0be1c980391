// What `--build` gains: the source and the bundle are both started, and measured on the real service.
import type { Reading } from "../backend/backend.ts";
import { figuresOf } from "../metrics/group.ts";
import { type Bundle, sweepBuilds } from "../runtime/bundle.ts";
import { portOf, type Spec } from "../service/spec.ts";
import { type Changed, change, putBack } from "./change.ts";
import type { Deps } from "./deps.ts";

export type Gain = {
  files: number;
  bytes: { before: number; after: number };
  /** From the exec of the program to its readiness; null where nothing tells that it is ready. */
  startMs: { before: number | null; after: number | null };
  /** Once it is ready. */
  memoryBytes: { before: number | null; after: number | null };
};

/**
 * The source is started first, to be measured. A bundle that does not come up is undone like any change, and what ran
 * before the two of them runs again.
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
