// Finds out what the preload of a service needs to know of this machine, and brings it to the version of this bs9.
import { existsSync, realpathSync } from "node:fs";
import { readRegular } from "../base/files.ts";
import { isWithin, resolvedPath } from "../base/paths.ts";
import { injectFor, needsNode } from "../injectors/decide.ts";
import { preloadFile } from "../injectors/injection.ts";
import { isPresentPreload, writePreload } from "../injectors/written.ts";
import { runtimeVersion } from "../runtime/pin.ts";
import { findCommand } from "../service/entry.ts";
import { isHomeOrAbove } from "../service/root.ts";
import { type Inject, isInjected, type Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";
import { nodeVersion } from "./node-version.ts";

/** Why bs9 puts nothing into a service. */
export const whyNotInjected: Record<Extract<Inject, { by: "none" }>["why"], string> = {
  option: "--no-inject was given",
  program: "neither Bun nor Node runs it",
  node: "the Node that runs it is unknown, or older than 18",
};

type Ground = Pick<Deps, "registry" | "defaults" | "share" | "cache" | "home">;
type Program = Pick<Spec, "name" | "entry" | "runtime" | "path" | "root" | "sandbox">;

/** How the preload gets into a service that is defined now, or restarted with the present bs9. */
export async function injectNow(spec: Program, { registry, defaults, cache, home }: Ground): Promise<Inject> {
  const head = headOf(spec.entry.path);
  const isOpen = (path: string) => writableIn(registry.writers().concat(spec), home).some((folder) => isWithin(path, folder));
  const node = needsNode(spec, head) ? await versionOfNode(spec, cache, isOpen) : null;
  return injectFor(spec, { head, node, version: runtimeVersion, metricsOnPort: defaults.metricsOnPort });
}

/**
 * The spec with the preload of this bs9, and the same object if nothing changes. A spec of a bs9 that had no preload gets one.
 * `--no-inject` stays. A preload with the same text as that of this bs9 stays too, so that an upgrade changes nothing in vain.
 */
export async function withPresentPreload(spec: Spec, ground: Ground): Promise<Spec> {
  const { inject } = spec;
  if (inject?.by === "none" && inject.why === "option") return spec;
  const now = await injectNow(spec, ground);
  if (now.by === "none") return Bun.deepEquals(inject, now) ? spec : { ...spec, inject: now };
  const isKept = inject !== undefined && inject.by !== "none" && isPresentPreload(ground.share, inject.version);
  const next = isKept ? { ...now, version: inject.version } : now;
  return Bun.deepEquals(inject, next) ? spec : { ...spec, inject: next };
}

/** Writes the preload that the spec names, if it is that of this bs9. */
export function keepPreload({ inject }: Pick<Spec, "inject">, share: string): void {
  if (inject !== undefined && inject.by !== "none" && inject.version === runtimeVersion) writePreload(share, inject.version);
}

/** True where the file of the preload was removed, so that the next start would fail. */
export function lacksPreload({ inject }: Pick<Spec, "inject">, share: string): boolean {
  return inject !== undefined && inject.by !== "none" && !existsSync(preloadFile(share, inject.version));
}

/** True if a service of the first spec gets another preload, or one more or less, with the second spec. */
export function changesInject(known: Spec, spec: Spec): boolean {
  return (isInjected(known) || isInjected(spec)) && !Bun.deepEquals(known.inject, spec.inject);
}

/** The sentence for the user after bs9 has changed what it puts into the app; null where it has changed nothing visible. */
export function sentenceOnInject(known: Spec, spec: Spec): string | null {
  if (!changesInject(known, spec)) return null;
  const { name, inject } = spec;
  const added = "health endpoints, metrics and a graceful stop";
  if (inject === undefined || inject.by === "none")
    return `${name}: bs9 no longer adds ${added} to it${inject === undefined ? "" : `: ${whyNotInjected[inject.why]}`}`;
  if (known.inject === undefined || known.inject.by === "none")
    return `${name}: bs9 now adds ${added} to it; to leave them out: bs9 start ${name} --no-inject`;
  const { metricsOnPort: isOnPort = false } = inject;
  const { metricsOnPort: wasOnPort = false } = known.inject;
  if (isOnPort !== wasOnPort) return `${name}: its port ${isOnPort ? "now answers /metrics" : "no longer answers /metrics"}`;
  return `${name}: it now runs with the health endpoints, metrics and graceful stop of this bs9`;
}

/** The sentence for the user after a service did not come up with another preload, or without it. */
export function sentenceOnKept({ name, inject }: Spec): string {
  const isWithout = inject === undefined || inject.by === "none";
  return isWithout
    ? `${name} keeps its definition without health endpoints, metrics and a graceful stop; so that a restart leaves them out: bs9 start ${name} --no-inject`
    : `${name} keeps its definition with the health endpoints, metrics and graceful stop that it had`;
}

function headOf(path: string): string | null {
  try {
    return readRegular(path, 256)?.toString("latin1") ?? null;
  } catch {
    return null;
  }
}

/**
 * The version of the Node that the service would run. Null where a service may have written that program: bs9 would execute it
 * without a sandbox. Null too where it does not answer as Node does.
 */
async function versionOfNode({ runtime, path }: Program, cache: string, isOpen: (path: string) => boolean): Promise<string | null> {
  const program = runtime.kind === "node" ? runtime.path : findCommand("node", path);
  try {
    if (program === null || isOpen(program) || isOpen(realpathSync(program))) return null;
    return await nodeVersion(program, path, cache);
  } catch {
    return null;
  }
}

/** What services may write. A home directory as a whole is never opened. */
function writableIn(writers: Pick<Spec, "root" | "sandbox">[], home: string): string[] {
  return writers.flatMap(({ root, sandbox }) => {
    const folders = [...(isHomeOrAbove(resolvedPath(root), home) ? [] : [root]), ...sandbox.writable];
    return folders.flatMap((folder) => [folder, resolvedPath(folder)]);
  });
}
